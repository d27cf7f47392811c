import Explanation
import Foundation
import LanguageModels
import Tensors
import TestSupport
import Testing

@Suite("What is observed is what the model computes")
struct TraceTests {
    @Test("A trace has the logits of a run that nobody observes, bit for bit, and its state", arguments: allNames)
    func sameBits(architecture: String) throws {
        let model = try randomByteModel(architecture)
        var state = model.initialState()
        let tape = Tape(on: Workspace(threadCount: 2))
        let logits = try model(someTokens, state: &state, wanted: .all, on: tape)
        let trace = try someTrace(architecture)
        #expect(trace.logits.rows.flatMap { $0 } == Array(logits.values))
        let slots = state.tensors()
        let last = try #require(trace.states.last)
        let perLayer = slots.count / 2
        for (index, slot) in model.stateLayout.slots.enumerated() where index >= perLayer && slot.growth == nil {
            #expect(last[slot.name] == slots[index].floats(), "\(slot.name)")
        }
    }

    @Test("The head behind the last layer gives the logits, bit for bit", arguments: allNames)
    func lastLens(architecture: String) throws {
        let trace = try someTrace(architecture)
        let workspace = Workspace(threadCount: 2)
        #expect(trace.logits(behind: 1, on: workspace) == trace.logits)
        #expect(trace.logits(behind: 0, on: workspace) != trace.logits)
    }

    @Test("Each layer goes on from the one below and adds what its halves gave", arguments: allNames)
    func stream(architecture: String) throws {
        let trace = try someTrace(architecture)
        #expect(trace(.output, 0) == trace(.input, 1))
        guard !recurrentNames.contains(architecture) else { return }
        for layer in 0..<2 {
            let parts = try [Activation.input, .timeOutput, .channelOutput].map { try #require(trace($0, layer)) }
            let sum = zip(zip(parts[0].rows.joined(), parts[1].rows.joined()), parts[2].rows.joined()).map {
                ($0.0 + $0.1) + $1
            }
            #expect(try sum == #require(trace(.output, layer)).rows.flatMap { $0 })
        }
    }

    @Test("RWKV-4: r, k, v and w make num, den and wkv by the article's formulas")
    func sums() throws {
        let trace = try someTrace("rwkv4")
        let explanation = try explain(try randomByteModel("rwkv4"), layer: 1)
        let decay = try #require(trace(.decay, 1))
        let wkv = try #require(trace(.recurrence, 1))
        #expect(explanation.detail.sums.count == 3)
        for sums in explanation.detail.sums {
            var (num, den) = (0.0, 0.0)
            for t in someTokens.indices {
                let own = exp(sums.bonus + sums.key[t])
                let read = (num + own * sums.value[t]) / (den + own)
                #expect(abs(read - wkv[t, sums.channel]) < 1e-4 * max(1, abs(read)))
                #expect(sums.wkv[t] == wkv[t, sums.channel])
                num = decay[t, sums.channel] * num + exp(sums.key[t]) * sums.value[t]
                den = decay[t, sums.channel] * den + exp(sums.key[t])
                #expect(abs(num - sums.num[t]) < 1e-4 * max(1, abs(num)))
                #expect(abs(den - sums.den[t]) < 1e-4 * max(1, abs(den)))
            }
        }
    }

    @Test("RWKV-5 to 7: what is observed makes the state matrices", arguments: rwkvNames.filter { $0 != "rwkv4" })
    func matrices(architecture: String) throws {
        let (n, head) = (8, 1)
        let trace = try someTrace(architecture)
        let k = try #require(trace(.key, 1))
        let v = try #require(trace(.value, 1))
        let d = try #require(trace(.decay, 1))
        let (removal, rate) = (trace(.removalKey, 1), trace(.learningRate, 1))
        // S[key][value]
        var s = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
        for t in someTokens.indices {
            func at(_ matrix: Matrix, _ i: Int) -> Double { matrix[t, head * n + i] }
            let found = (0..<n).map { j in
                removal.map { removal in (0..<n).reduce(0.0) { $0 + s[$1][j] * at(removal, $1) } } ?? 0
            }
            for i in 0..<n {
                let taken = removal.flatMap { removal in rate.map { at(removal, i) * at($0, i) } } ?? 0
                for j in 0..<n { s[i][j] = s[i][j] * at(d, i) - found[j] * taken + at(k, i) * at(v, j) }
            }
            let slot = try #require(trace.states[t]["att_kv"])
            let own = (0..<n).flatMap { i in
                (0..<n).map { j in
                    Double(slot[head * n * n + (architecture.hasPrefix("rwkv7") ? j * n + i : i * n + j)])
                }
            }
            #expect(difference(own, s.flatMap { $0 }) < 1e-4, "token \(t)")
        }
        let shown = try explain(trace.model, layer: 1, head: 1)
        #expect(
            shown.detail.matrices[1].flatMap { $0 } == Array(try #require(trace.states.last?["att_kv"]?.suffix(n * n))))
    }
}
