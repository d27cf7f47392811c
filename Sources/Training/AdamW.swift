public import Tensors

/// The optimiser's constants; the defaults are RWKV-LM's.
public struct AdamWOptions: Codable, Sendable, Equatable {
    public var beta1 = 0.9
    public var beta2 = 0.99
    public var epsilon = 1e-8
    /// Decoupled decay of matrices and embeddings; vectors never decay.
    public var weightDecay = 0.0

    public init() {}
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019) and the official parameter groups.
///
///     m = β1·m + (1−β1)·g;  v = β2·v + (1−β2)·g²
///     p = p − rate·decay·p − rate · (m / (1−β1ⁿ)) / (√(v / (1−β2ⁿ)) + ε)
///
/// `rate` is the step's learning rate times the parameter's own scale.
public final class AdamW {
    public let options: AdamWOptions
    /// How many updates there have been: n above.
    public private(set) var updateCount: Int
    /// First and second moments, one tensor per parameter that learns, in their order.
    let firstMoments: [StoredTensor]
    let secondMoments: [StoredTensor]

    private let parameters: [Parameter]

    /// An optimiser of those of `parameters` that learn. It has seen nothing.
    /// - Throws: `TrainingError.notTrainable` for a parameter that is not `f32` in memory of its own.
    public convenience init(_ parameters: [Parameter], _ options: AdamWOptions) throws(TrainingError) {
        try self.init(parameters, options, updateCount: 0, first: nil, second: nil)
    }

    /// An optimiser that goes on from saved moments, which are copied.
    init(
        _ parameters: [Parameter], _ options: AdamWOptions, updateCount: Int, first: [StoredTensor]?,
        second: [StoredTensor]?
    ) throws(TrainingError) {
        let parameters = parameters.filter(\.isTrained)
        for parameter in parameters where parameter.mutableFloats == nil {
            throw .notTrainable(parameter: parameter.name)
        }
        func moments(_ saved: [StoredTensor]?) -> [StoredTensor] {
            parameters.enumerated().map { index, parameter in
                let memory = Storage(byteCount: parameter.count * 4)
                if let saved, let bytes = memory.mutableBytes {
                    saved[index].copyFloats(to: bytes.bindMemory(to: Float.self))
                }
                return StoredTensor(name: parameter.name, shape: parameter.shape, type: .f32, storage: memory)
            }
        }
        self.parameters = parameters
        self.options = options
        self.updateCount = updateCount
        firstMoments = moments(first)
        secondMoments = moments(second)
    }

    /// Does the work of an update that changes nothing: both betas are 1, and the steps are of length 0.
    func rehearse(_ gradients: Gradients, on workspace: Workspace) {
        let nothing = AdamWConstants(
            gradientScale: 1, beta1: 1, beta2: 1, epsilon: Float(options.epsilon), step: 0, secondScale: 1, shrink: 0)
        for (index, parameter) in parameters.enumerated() {
            workspace.adamW(
                parameter, gradients[parameter], first: firstMoments[index], second: secondMoments[index], nothing)
        }
    }

    /// Moves every parameter one step against its gradient.
    /// - Parameter gradientScale: Multiplies the gradients first: the clipping's factor.
    public func update(_ gradients: Gradients, rate: Double, gradientScale: Double, on workspace: Workspace) {
        updateCount += 1
        let correction1 = 1 - integerPower(options.beta1, updateCount)
        let correction2 = 1 - integerPower(options.beta2, updateCount)
        for (index, parameter) in parameters.enumerated() {
            let own = rate * Double(parameter.learningRateScale)
            let decay = parameter.role.isDecayed ? options.weightDecay : 0
            workspace.adamW(
                parameter, gradients[parameter], first: firstMoments[index], second: secondMoments[index],
                AdamWConstants(
                    gradientScale: Float(gradientScale), beta1: Float(options.beta1), beta2: Float(options.beta2),
                    epsilon: Float(options.epsilon), step: Float(own / correction1),
                    secondScale: Float(1 / correction2), shrink: Float(own * decay)))
        }
    }
}

/// base^exponent by repeated squaring: the same bits on every machine, which a library's `pow` does not promise.
private func integerPower(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
