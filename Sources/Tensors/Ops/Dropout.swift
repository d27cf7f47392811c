internal import CKernels

/// Where a training step's dropout masks come from: the same for the same seed, step and place in the model.
public struct DropoutSource {
    let rate: Float
    /// Of this pass and segment of this step.
    let seed: UInt64
    var uses: UInt64 = 0

    /// - Parameters:
    ///   - pass: Which of the step's passes over some of its sequences.
    ///   - segment: Which part of the sequences.
    public init(rate: Float, seed: UInt64, step: Int, pass: Int = 0, segment: Int = 0) {
        self.rate = rate
        let part = UInt64(truncatingIfNeeded: pass) << 32 | UInt64(truncatingIfNeeded: segment)
        self.seed = seed &+ UInt64(step) &* 0x9E37_79B9 &+ part &* 0xBF58_476D_1CE4_E5B9
    }
}

extension Tape {
    /// On a tape with dropout, sets elements of `x` to zero at random and scales the others up; otherwise gives back
    /// `x` itself.
    ///
    ///     y = mask ⊙ x / (1 − rate)
    ///
    /// Srivastava et al., 2014. Each row draws its own numbers, so the mask does not depend on the threads.
    public func dropout(_ x: Tensor) -> Tensor {
        guard var source = dropout, source.rate > 0 else { return x }
        source.uses += 1
        dropout = source
        let y = make(x.shape)
        // Compared with 16 random bits: the rate is rounded to a multiple of 2⁻¹⁶.
        let threshold = UInt64(source.rate * 65536)
        let scale = 1 / (1 - Float(threshold) / 65536)
        let mask = make(x.shape)
        let width = x.width
        workspace.parallel(x.rows, cost: Double(width)) { rows in
            for row in rows {
                let place = source.uses << 40 | UInt64(row)
                var random = RandomNumbers(seed: source.seed, stream: place)
                let (m, from, to) = (mask.row(row), x.row(row), y.row(row))
                var bits: UInt64 = 0
                for i in 0..<width {
                    bits = i & 3 == 0 ? random.next() : bits >> 16
                    m[i] = bits & 0xFFFF < threshold ? 0 : scale
                    to[i] = from[i] * m[i]
                }
            }
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 0.5) { range in
                for i in range { dx.pointer[i] = dy.pointer[i] * mask.pointer[i] }
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
