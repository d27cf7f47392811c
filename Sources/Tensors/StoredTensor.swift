/// A tensor at rest: a name, a shape, an element type, and its bytes, row-major and little-endian, without padding.
///
/// The rows of a quantised tensor (runs along the last extent) are whole blocks.
///
/// Checkpoints hand these out (usually pointing into a mapped file) and take them to be written.
public struct StoredTensor: Sendable {
    public let name: String
    public let shape: Shape
    public let type: DataType

    /// The number of bytes.
    public let byteCount: Int

    private let storage: Storage
    private let offset: Int

    /// - Parameters:
    ///   - storage: Keeps the bytes alive.
    ///   - offset: Where in `storage` the tensor begins. The tensor must lie inside; callers that read files check that
    ///     before, with `Shape.checkedCount`.
    public init(name: String, shape: Shape, type: DataType, storage: Storage, offset: Int = 0) {
        precondition(
            (shape.extents.last ?? 1).isMultiple(of: type.blockLength),
            "“\(name)” \(shape) of \(type.rawValue) has rows that are no whole blocks of \(type.blockLength)")
        let byteCount = shape.count / type.blockLength * type.blockByteCount
        precondition(
            offset >= 0 && offset + byteCount <= storage.bytes.count,
            "“\(name)” \(shape) of \(type.rawValue) does not fit its storage of \(storage.bytes.count) bytes")
        self.name = name
        self.shape = shape
        self.type = type
        self.byteCount = byteCount
        self.storage = storage
        self.offset = offset
    }

    /// A tensor of `Float`s that owns a copy of `values`.
    public init(name: String, shape: Shape, floats values: some Collection<Float>) {
        self.init(name: name, shape: shape, type: .f32, storage: Storage(copying: values))
    }

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

    /// Lets the system take back the memory of a tensor in a mapped file; if it is read again, it comes from the file.
    public func dropPages() { dropPages(before: byteCount) }

    /// The same for the first `count` bytes.
    func dropPages(before count: Int) { storage.dropPages(offset: offset, count: count) }

    /// The storage and the offset in it, for weights that are used in place.
    public var location: (storage: Storage, offset: Int) { (storage, offset) }
}

/// Named tensors, whatever file or memory they come from: what a model loads its weights from.
public protocol TensorSource: Sendable {
    /// What there is, in the source's own order.
    var tensors: [StoredTensor] { get }

    /// What is said of the tensors besides: safetensors' `__metadata__`, GGUF's keys. Empty if nothing.
    var metadata: [String: String] { get }
}
