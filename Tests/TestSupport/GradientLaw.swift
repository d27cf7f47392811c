public import Tensors

/// Compares analytic with central-difference gradients, for every parameter as one vector.
///
/// Weights are of order 1 and the step is 3e-3; the error of a parameter is ‖analytic − numeric‖ / ‖numeric‖. An
/// element-wise tolerance would let a missing term pass that is smaller than the floor.
/// - Parameters:
///   - gradients: The analytic ones, by the parameters' places.
///   - loss: Computes the loss with the parameters as they are at the moment.
/// - Returns: The relative error of each parameter by name; infinite where all gradients are zero.
public func gradientErrors(
    _ parameters: [Parameter], _ gradients: Gradients, step: Float = 3e-3, loss: () throws -> Double
) rethrows -> [String: Double] {
    var errors: [String: Double] = [:]
    for parameter in parameters {
        guard let values = parameter.mutableFloats else { continue }
        let analytic = Array(gradients[parameter].values)
        var (difference, norm) = (0.0, 0.0)
        for i in values.indices {
            let kept = values[i]
            values[i] = kept + step
            let above = try loss()
            values[i] = kept - step
            let below = try loss()
            values[i] = kept
            // The step that the floats really made.
            let numeric = (above - below) / Double((kept + step) - (kept - step))
            difference += (numeric - Double(analytic[i])) * (numeric - Double(analytic[i]))
            norm += numeric * numeric
        }
        errors[parameter.name] = norm > 0 ? (difference / norm).squareRoot() : .infinity
    }
    return errors
}

/// Parameters for a test, in memory of their own.
public struct TestParameters {
    public let store = ParameterStore(seed: 1)
    private var random: RandomNumbers

    public init(seed: UInt64) { random = RandomNumbers(seed: seed) }

    public mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws -> Parameter {
        try ParameterScope(store).matrix(name, rows, columns, initially: .values(numbers(rows * columns)))
    }

    public mutating func embedding(_ name: String, _ rows: Int, _ columns: Int) throws -> Parameter {
        try ParameterScope(store).embedding(name, rows, columns, initially: .values(numbers(rows * columns)))
    }

    public mutating func vector(_ name: String, _ count: Int, in range: ClosedRange<Float> = -1...1) throws -> Parameter
    {
        try ParameterScope(store).vector(name, [count], initially: .values(numbers(count, in: range)))
    }

    public mutating func numbers(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in random.uniform(in: range) }
    }
}
