import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A cache of one sequence that has read nothing.
private func cache(_ width: Int, tokens: Int) -> PagedSlot {
    let count = (tokens + PagedSlot.pageLength - 1) / PagedSlot.pageLength
    return PagedSlot(
        [(0..<count).map { _ in Storage(byteCount: width * PagedSlot.pageLength * 4) }], offset: 0, starts: [0])
}

@Suite("Attention")
struct AttentionTests {
    @Test("is the softmax of all scores at once, over several pages", arguments: [1, 63, 64, 65, 150])
    func values(count: Int) throws {
        let (heads, n) = (2, 5)
        let width = heads * n
        var random = TestParameters(seed: 4)
        let numbers = (0..<3).map { _ in random.numbers(count * width, in: -2...2) }
        let workspace = Workspace(threadCount: 2)
        let inputs = numbers.map { numbers in
            let tensor = Tensor([count, width], in: workspace.buffers)
            _ = tensor.mutableValues.update(from: numbers)
            return tensor
        }
        let found = Tape(on: workspace).attention(
            inputs[0], inputs[1], inputs[2], keys: cache(width, tokens: count), values: cache(width, tokens: count),
            headSize: n, SequenceLayout(lengths: [count]))
        var worst = 0.0
        for t in 0..<count {
            for head in 0..<heads {
                let channels = (0..<n).map { head * n + $0 }
                func number(_ which: Int, _ row: Int, _ c: Int) -> Double { Double(numbers[which][row * width + c]) }
                let weights = (0...t).map { j in
                    exp(channels.reduce(0.0) { $0 + number(0, t, $1) * number(1, j, $1) } / Double(n).squareRoot())
                }
                let sum = weights.reduce(0, +)
                for c in channels {
                    let mean = (0...t).reduce(0.0) { $0 + weights[$1] * number(2, $1, c) } / sum
                    worst = max(worst, abs(mean - Double(found.values[t * width + c])))
                }
            }
        }
        #expect(worst < 2e-6)
    }

    @Test("of turned queries and keys depends on how far apart they are")
    func rotary() throws {
        let workspace = Workspace(threadCount: 1)
        let tape = Tape(on: workspace)
        var random = TestParameters(seed: 2)
        let x = Tensor([2, 16], in: workspace.buffers)
        _ = x.mutableValues.update(from: random.numbers(32))
        func product(_ start: Int) -> Double {
            let y = tape.rotate(
                x, tape.rotaryAngles(starts: [start], headSize: 16, SequenceLayout(lengths: [2])))
            return zip(y.values(ofRow: 0), y.values(ofRow: 1)).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        }
        let first = product(0)
        for start in [1, 100, 1_000_000] { #expect(abs(product(start) - first) < 1e-5) }
        let plain = zip(x.values(ofRow: 0), x.values(ofRow: 1)).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        #expect(abs(plain - first) > 1e-2)
    }
}
