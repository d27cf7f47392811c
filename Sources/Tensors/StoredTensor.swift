/// A tensor at rest: a name, a shape, an element type, and its bytes, row-major and little-endian, without padding.
///
/// Checkpoints hand these out (usually pointing into a mapped file) and take them to be written.
public struct StoredTensor: Sendable {
    public let name: String
    public let shape: Shape
    public let type: DataType

    private let storage: Storage
    private let offset: Int

    /// - Parameters:
    ///   - storage: Keeps the bytes alive.
    ///   - offset: Where in `storage` the tensor begins. The tensor must lie inside; callers that read files check that
    ///     before, with `Shape.checkedCount`.
    public init(name: String, shape: Shape, type: DataType, storage: Storage, offset: Int = 0) {
        precondition(
            offset >= 0 && offset + shape.count * type.byteCount <= storage.bytes.count,
            "“\(name)” \(shape) of \(type.rawValue) does not fit its storage of \(storage.bytes.count) bytes")
        self.name = name
        self.shape = shape
        self.type = type
        self.storage = storage
        self.offset = offset
    }

    /// A tensor of `Float`s that owns a copy of `values`.
    public init(name: String, shape: Shape, floats values: some Collection<Float>) {
        self.init(name: name, shape: shape, type: .f32, storage: Storage(copying: values))
    }

    /// The number of bytes.
    public var byteCount: Int { shape.count * type.byteCount }

    /// The same tensor under another name.
    public func renamed(_ name: String) -> StoredTensor {
        StoredTensor(name: name, shape: shape, type: type, storage: storage, offset: offset)
    }

    /// Calls `body` with the bytes, which are valid until it returns. They may be unaligned.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(rebasing: storage.bytes[offset..<offset + byteCount]))
        }
    }

    /// The storage and the offset in it, for weights that are used in place.
    public var location: (storage: Storage, offset: Int) { (storage, offset) }

    /// The elements as `Float`s, or `nil` if the type is not floating-point. Doubles are rounded.
    /// - Complexity: O(count); allocates the array.
    public func floats() -> [Float]? {
        guard type.isFloatingPoint else { return nil }
        return [Float](unsafeUninitializedCapacity: shape.count) { target, count in
            copyFloats(to: target)
            count = shape.count
        }
    }

    /// Writes the elements as `Float`s to `target`, which has room for `shape.count`. The type must be floating-point.
    public func copyFloats(to target: UnsafeMutableBufferPointer<Float>) {
        precondition(type.isFloatingPoint, "“\(name)” holds \(type.rawValue), not floating-point numbers")
        let count = shape.count
        withBytes { source in
            switch type {
            case .f32:
                UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
            case .f64:
                for i in 0..<count {
                    target[i] = Float(source.loadUnaligned(fromByteOffset: i * 8, as: Double.self))
                }
            case .bf16:
                for i in 0..<count {
                    target[i] = BFloat16.float(source.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
                }
            case .f16:
                for i in 0..<count {
                    target[i] = Half.float(source.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
                }
            case .i64, .i32, .i16, .i8, .u8, .bool:
                break
            }
        }
    }

    /// The tensor with its elements converted to `type`, which must be `f32`, `bf16` or `f16`; itself if it has that type.
    public func converted(to type: DataType) -> StoredTensor {
        if type == self.type { return self }
        precondition(type.isFloatingPoint && type != .f64, "weights are stored as F32, BF16 or F16")
        guard let values = floats() else { return self }
        let storage =
            switch type {
            case .bf16: Storage(copying: values.map(BFloat16.bits))
            case .f16: Storage(copying: values.map(Half.bits))
            default: Storage(copying: values)
            }
        return StoredTensor(name: name, shape: shape, type: type, storage: storage)
    }
}

/// Named tensors, whatever file or memory they come from: what a model loads its weights from.
public protocol TensorSource: Sendable {
    /// What there is, in the source's own order.
    var tensors: [StoredTensor] { get }

    /// What is said of the tensors besides: safetensors' `__metadata__`, GGUF's keys. Empty if nothing.
    var metadata: [String: String] { get }
}
