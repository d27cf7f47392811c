/// A named weight of a model: where it stands among the others, how it is stored, how it is trained.
///
/// Its memory is shared by every user of the model and never written while one of them generates; a trainer that owns
/// the model alone writes it in place. A class, because every op is handed some: a reference is cheaper than the fields.
public final class Parameter: Sendable {
    /// Its place in the order of declaration; gradients and optimiser states are found by it.
    public let index: Int
    /// The name in BlinkDL's checkpoints, for example `blocks.0.att.key.weight`.
    public let name: String
    /// The shape in checkpoints; vectors may be `[1, 1, C]`.
    public let shape: Shape
    public let role: ParameterRole
    /// The learning rate of this parameter as a multiple of the common one.
    public let learningRateScale: Float
    /// The values: `f32`, `bf16` or `f16`, or quantised.
    public let value: StoredTensor
    /// Whether a training changes it.
    public let isTrained: Bool
    /// What is added to it as a product of thin factors, if anything.
    public let change: LowRankChange?
    /// The values of a quantised matrix as the products read them.
    let packed: PackedMatrix?
    /// The number of elements.
    public let count: Int
    /// The outermost extent of a matrix: its outputs.
    let outputs: Int
    /// The innermost extent: a matrix's inputs, a vector's length.
    let inputs: Int
    // Kept alive by `value`.
    private nonisolated(unsafe) let base: UnsafeRawPointer?

    public convenience init(
        index: Int, name: String, shape: Shape, role: ParameterRole, learningRateScale: Float, value: StoredTensor
    ) {
        self.init(
            index: index, name: name, shape: shape, role: role, learningRateScale: learningRateScale, value: value,
            arena: PackingArena())
    }

    init(
        index: Int, name: String, shape: Shape, role: ParameterRole, learningRateScale: Float, value: StoredTensor,
        isTrained: Bool = true, change: LowRankChange? = nil, arena: PackingArena
    ) {
        self.index = index
        self.name = name
        self.shape = shape
        self.role = role
        self.learningRateScale = learningRateScale
        self.value = value
        self.isTrained = isTrained
        self.change = change
        count = shape.count
        (outputs, inputs) = (shape.extents.first ?? 1, shape.extents.last ?? 1)
        let (storage, offset) = value.location
        base = storage.bytes.baseAddress.map { $0 + offset }
        packed = role == .matrix && value.type.isQuantized ? PackedMatrix(value, in: arena) : nil
    }

    /// The values of an `f32` parameter.
    var floats: UnsafePointer<Float> {
        precondition(value.type == .f32, "“\(name)” is \(value.type.rawValue); this op needs F32")
        guard let base else { preconditionFailure("“\(name)” has no memory") }
        return base.assumingMemoryBound(to: Float.self)
    }

    /// The bits of a `bf16` or `f16` parameter.
    var halves: UnsafePointer<UInt16> {
        precondition(
            value.type == .bf16 || value.type == .f16, "“\(name)” is \(value.type.rawValue); this op needs 16 bits")
        guard let base else { preconditionFailure("“\(name)” has no memory") }
        return base.assumingMemoryBound(to: UInt16.self)
    }

    /// The values for an optimiser to write; `nil` unless they are `f32` in memory of their own.
    public var mutableFloats: UnsafeMutableBufferPointer<Float>? {
        let (storage, offset) = value.location
        guard value.type == .f32, let base = storage.mutableBytes?.baseAddress else { return nil }
        return UnsafeMutableBufferPointer(start: (base + offset).assumingMemoryBound(to: Float.self), count: count)
    }
}

/// What a parameter is, which decides how it is stored, quantised and regularised.
public enum ParameterRole: String, Sendable {
    /// A `[out, in]` matrix of a linear layer: decayed, and kept in the file's type.
    case matrix
    /// A `[V, C]` table that rows are taken from: decayed as a matrix is, and kept in the file's type.
    case embedding
    /// A vector: neither decayed nor quantised, and always `f32` in memory.
    case vector
    /// A low-rank factor `[in, out]`: neither decayed nor quantised; `bf16` in memory if its numbers are such, else `f32`.
    case factor
    /// Not part of the model, but what is learnt to change it: a factor of a low-rank change, or a first state. Not decayed,
    /// and always `f32`.
    case adapter
    /// Read by nothing, but part of official files: RWKV-7's `v0`, `v1` and `v2` of the first block.
    case unused

    /// Whether the official optimiser groups apply weight decay.
    public var isDecayed: Bool { self == .matrix || self == .embedding }
}

/// How a parameter begins when a model is made rather than loaded.
public enum Initializer: Sendable {
    case constant(Float)
    /// Uniform in −bound…bound.
    case uniform(Float)
    /// Normal with mean 0.
    case normal(deviation: Float)
    /// A random matrix whose smaller side is orthonormal, times `gain`.
    case orthogonal(gain: Float)
    /// Exactly these values.
    case values([Float])
}
