import Tensors
import TestSupport
import Testing

@Suite("Products of some rows")
struct RowCountTests {
    @Test(
        "give a row the same bits however many there are, alone or side by side",
        arguments: [[37, 70], [64, 24], [130, 33]], [1, 2, 5])
    func rows(size: [Int], threadCount: Int) throws {
        var numbers = TestParameters(seed: 3)
        let input = try numbers.embedding("x", 100, size[0])
        let weights = try (0..<3).map { try numbers.matrix("w\($0)", size[0], size[1] + $0) }
        let biases = try [nil, numbers.vector("b1", size[1] + 1), numbers.vector("b2", size[1] + 2)]
        let tape = Tape(on: Workspace(threadCount: threadCount))
        func alone(_ x: Tensor) -> [TensorValues] {
            zip(weights, biases).map { tape.project(x, $0, bias: $1).values }
        }
        let ones = (0..<100).map { alone(tape.embedding([Int32($0)], input)) }
        // Fewer and more than a vector, than a tile of rows and than the rows that are few.
        for rowCount in [2, 5, 8, 17, 32, 33, 100] {
            let x = tape.embedding((0..<rowCount).map { Int32($0) }, input)
            let together = tape.project(zip(weights, biases).map { (x, $0, $1) }).map(\.values)
            for (j, all) in (alone(x) + together).enumerated() {
                let expected = ones.prefix(rowCount).flatMap { $0[j % 3].map(\.bitPattern) }
                #expect(all.map(\.bitPattern) == expected, "\(rowCount) rows, product \(j)")
            }
        }
    }
}
