internal import LanguageModels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A recurrence written out as attention: what each position takes of the value of each token before it.
///
///     y[t] = Σ_{i≤t} A[t, i] ⊙ v[i]
///
/// With a first state of zeros this is all of y. It costs O(T²), which is what the recurrence avoids; it is the same
/// function, which `error` measures.
public struct AttentionForm {
    private let trace: ForwardTrace
    private let family: Family
    private let layer: Int
    private let headSize: Int
    private let key, value: Matrix

    /// `nil` if the model's memory cannot be written so.
    public init?(_ trace: ForwardTrace, layer: Int) {
        guard let family = try? Family(architecture: trace.model.configuration.architecture),
            let key = trace(.key, layer), let value = trace(.value, layer)
        else { return nil }
        self.trace = trace
        self.family = family
        self.layer = layer
        (self.key, self.value) = (key, value)
        headSize = trace.model.configuration.headSize
    }

    private var count: Int { key.rows.count }

    /// A `[t][i]` for i ≤ t, of a head. RWKV-4, whose channels each have their own, has the mean over its channels.
    public func weights(head: Int) -> [[Double]] {
        let channels = head * headSize..<(head + 1) * headSize
        switch family {
        case .rwkv4: return mean(channels.map { channelWeights($0) })
        case .rwkv5, .rwkv6: return decayingWeights(channels)
        case .rwkv7: return deltaWeights(channels)
        case .transformer: return softmaxWeights(channels)
        case .recurrent: return []
        }
    }

    /// The largest difference between Σ A ⊙ v and what the model's own recurrence gave, relative to its largest output.
    public func error() -> Double {
        guard let output = trace(.recurrence, layer) else { return .nan }
        var (difference, largest) = (0.0, 0.0)
        for head in 0..<value.rows[0].count / headSize {
            let shared = family == .rwkv4 ? [] : weights(head: head)
            for channel in head * headSize..<(head + 1) * headSize {
                let weights = family == .rwkv4 ? channelWeights(channel) : shared
                for (t, row) in weights.enumerated() {
                    let sum = row.indices.reduce(0.0) { $0 + row[$1] * value[$1, channel] }
                    difference = max(difference, abs(sum - output[t, channel]))
                    largest = max(largest, abs(output[t, channel]))
                }
            }
        }
        return largest > 0 ? difference / largest : difference
    }

    /// RWKV-4, one channel:
    ///
    ///     A[t, i] = e^((t−1−i)·w + k[i]) / den[t],  A[t, t] = e^(u + k[t]) / den[t]
    ///
    /// whose sum over i is 1. The largest exponent is taken off first, as in the model.
    public func channelWeights(_ channel: Int) -> [[Double]] {
        guard let decay = trace(.decay, layer), let bonus = trace(.bonus, layer) else { return [] }
        return (0..<count).map { t in
            let w = log(max(decay[t, channel], 1e-300))
            var exponents = (0..<t).map { Double(t - 1 - $0) * w + key[$0, channel] }
            exponents.append(bonus[t, channel] + key[t, channel])
            let greatest = exponents.max() ?? 0
            let terms = exponents.map { exp($0 - greatest) }
            let sum = terms.reduce(0, +)
            return terms.map { $0 / sum }
        }
    }

    /// RWKV-5 and 6, one head:
    ///
    ///     A[t, i] = r[t] · (Π_{i<j<t} d[j]) ⊙ k[i],  A[t, t] = r[t] · u ⊙ k[t]
    private func decayingWeights(_ channels: Range<Int>) -> [[Double]] {
        guard let r = trace(.receptance, layer), let decay = trace(.decay, layer), let bonus = trace(.bonus, layer)
        else { return [] }
        var carried: [[Double]] = []
        return (0..<count).map { t in
            let read = channels.map { r[t, $0] }
            let own = channels.map { bonus[t, $0] * key[t, $0] }
            let row = (carried + [own]).map { dot($0, read) }
            for i in carried.indices {
                for (n, channel) in channels.enumerated() { carried[i][n] *= decay[t, channel] }
            }
            carried.append(channels.map { key[t, $0] })
            return row
        }
    }

    /// RWKV-7, one head, whose every token rewrites what the state holds of the ones before:
    ///
    ///     p = k[i];  p = p ⊙ d[j] − (p · κ[j]) (a[j] ⊙ κ[j])  for i < j ≤ t;  A[t, i] = p · r[t]
    private func deltaWeights(_ channels: Range<Int>) -> [[Double]] {
        guard let r = trace(.receptance, layer), let decay = trace(.decay, layer),
            let removalKey = trace(.removalKey, layer), let rate = trace(.learningRate, layer)
        else { return [] }
        var carried: [[Double]] = []
        return (0..<count).map { t in
            let read = channels.map { r[t, $0] }
            let removed = channels.map { removalKey[t, $0] }
            for i in carried.indices {
                let found = dot(carried[i], removed)
                for (n, channel) in channels.enumerated() {
                    carried[i][n] = carried[i][n] * decay[t, channel] - found * rate[t, channel] * removed[n]
                }
            }
            carried.append(channels.map { key[t, $0] })
            return carried.map { dot($0, read) }
        }
    }

    /// A Transformer's own: softmax over i of q[t] · k[i] / √N.
    private func softmaxWeights(_ channels: Range<Int>) -> [[Double]] {
        guard let query = trace(.query, layer) else { return [] }
        let scale = 1 / Double(headSize).squareRoot()
        return (0..<count).map { t in
            let scores = (0...t).map { i in channels.reduce(0.0) { $0 + query[t, $1] * key[i, $1] } * scale }
            let greatest = scores.max() ?? 0
            let terms = scores.map { exp($0 - greatest) }
            let sum = terms.reduce(0, +)
            return terms.map { $0 / sum }
        }
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private func mean(_ all: [[[Double]]]) -> [[Double]] {
        (0..<count).map { t in
            (0...t).map { i in all.reduce(0) { $0 + $1[t][i] } / Double(max(1, all.count)) }
        }
    }
}
