internal import CKernels

/// What one AdamW update of a parameter computes with.
public struct AdamWConstants: Sendable {
    /// Multiplies the gradient first.
    public var gradientScale: Float
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    /// rate / (1 − β1ⁿ)
    public var step: Float
    /// 1 / (1 − β2ⁿ)
    public var secondScale: Float
    /// rate · decay
    public var shrink: Float

    public init(
        gradientScale: Float, beta1: Float, beta2: Float, epsilon: Float, step: Float, secondScale: Float, shrink: Float
    ) {
        self.gradientScale = gradientScale
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.step = step
        self.secondScale = secondScale
        self.shrink = shrink
    }
}

extension Workspace {
    /// Updates a parameter and its two moments in place.
    ///
    ///     g = gradientScale·g;  m += (1−β1)(g−m);  v += (1−β2)(g²−v)
    ///     p −= shrink·p;  p −= step · m / (√(secondScale·v) + ε)
    ///
    /// - Parameters:
    ///   - parameter: `f32` in memory of its own.
    ///   - first: m, of the parameter's shape, `f32` in memory of its own.
    ///   - second: v, likewise.
    public func adamW(
        _ parameter: Parameter, _ gradient: Tensor, first: StoredTensor, second: StoredTensor, _ c: AdamWConstants
    ) {
        guard let p = parameter.mutableFloats?.baseAddress, let m = first.mutableFloats, let v = second.mutableFloats
        else { preconditionFailure("“\(parameter.name)” or its moments are not F32 in memory of their own") }
        parallel(parameter.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.adamw(
                p + i, m + i, v + i, gradient.pointer + i, range.count, c.gradientScale, c.beta1, c.beta2, c.epsilon,
                c.step, c.secondScale, c.shrink)
        }
    }
}

extension StoredTensor {
    /// The elements for writing; `nil` unless they are `f32` in memory that may be written.
    fileprivate var mutableFloats: UnsafeMutablePointer<Float>? {
        let (storage, offset) = location
        guard type == .f32, let base = storage.mutableBytes?.baseAddress else { return nil }
        return (base + offset).assumingMemoryBound(to: Float.self)
    }
}
