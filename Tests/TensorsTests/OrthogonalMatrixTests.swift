import Tensors
import Testing

@Suite("Orthogonal matrices")
struct OrthogonalMatrixTests {
    @Test(
        "are orthonormal along their smaller side, at any size",
        arguments: [(1, 5), (5, 1), (3, 3), (32, 32), (33, 33), (40, 129), (129, 40), (96, 200), (256, 256)])
    func gram(rows: Int, columns: Int) throws {
        let values = try matrix(rows, columns, seed: 1)
        let count = min(rows, columns)
        for first in 0..<count {
            for second in first..<count {
                let dot = (0..<max(rows, columns)).reduce(0.0) { sum, index in
                    rows <= columns
                        ? sum + values[first * columns + index] * values[second * columns + index]
                        : sum + values[index * columns + first] * values[index * columns + second]
                }
                #expect(abs(dot - (first == second ? 0.25 : 0)) < 2e-6, "\(first) · \(second) of \(rows) × \(columns)")
            }
        }
    }

    @Test("are no other at each call, and others with another seed")
    func seeds() throws {
        #expect(try matrix(40, 70, seed: 3) == matrix(40, 70, seed: 3))
        #expect(try matrix(40, 70, seed: 3) != matrix(40, 70, seed: 4))
    }

    @Test("turn no way more often than another")
    func direction() throws {
        // The first number of the first and of the last vector, over many draws: mean 0, variance 0.25 / 35.
        let draws = try (0..<400).map { try matrix(35, 35, seed: UInt64($0)) }
        for index in [0, 34 * 35] {
            let mean = draws.reduce(0) { $0 + $1[index] } / 400
            let variance = draws.reduce(0) { $0 + $1[index] * $1[index] } / 400
            #expect(abs(mean) < 4 * (0.25 / 35 / 400).squareRoot())
            #expect(abs(variance / (0.25 / 35) - 1) < 0.3)
        }
    }

    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) throws -> [Double] {
        let scope = ParameterScope(ParameterStore(seed: seed))
        let parameter = try scope.matrix("weight", rows, columns, initially: .orthogonal(gain: 0.5))
        return try #require(parameter.value.floats()).map(Double.init)
    }
}
