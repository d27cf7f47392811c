import Tensors

/// Turns PyTorch's views of storages into tensors: contiguous ones in place, the others copied into row-major order.
struct TensorViews {
    /// Where a storage's bytes lie in the file.
    typealias Locate = (PickledStorage) throws(CheckpointError) -> Range<Int>

    private let file: Storage
    private let locate: Locate
    private let maximumCopiedByteCount: Int
    private var copiedByteCount = 0

    /// - Parameters:
    ///   - file: The bytes of the whole file.
    ///   - locate: Finds a storage in them.
    init(of file: Storage, locate: @escaping Locate) {
        self.file = file
        self.locate = locate
        // A file of a few bytes may describe a view of terabytes, by a stride of 0. Honest files need at most one copy.
        maximumCopiedByteCount = file.bytes.count.multipliedReportingOverflow(by: 4).partialValue
    }

    /// The tensor that `view` shows of `storage`.
    ///
    ///     element[i, j, …] = storage[offset + i · strides[0] + j · strides[1] + …]
    ///
    /// - Throws: `CheckpointError`: `unsupportedType`, `tooManyDimensions`, `shapeTooLarge`, `viewOutsideStorage`,
    ///   `viewsTooLarge`, `storageSizeMismatch`; from `locate`.
    mutating func resolve(
        _ view: PickledTensor, in storage: PickledStorage, name: String
    ) throws(CheckpointError) -> StoredTensor {
        guard view.typeName == nil, let type = TorchType.type(ofStorageClass: storage.className) else {
            throw .unsupportedType(name: name, type: view.typeName ?? storage.className)
        }
        try TensorLimits.checkDimensions(view.shape, name: name)
        let available = storage.visibleCount
        let outside = CheckpointError.viewOutsideStorage(
            name: name, offset: view.offset, shape: view.shape, strides: view.strides, elementCount: available)
        guard view.shape.count == view.strides.count, view.offset >= 0,
            (view.shape + view.strides).allSatisfy({ $0 >= 0 })
        else { throw outside }

        let shape = Shape(view.shape)
        let byteCount = try TensorLimits.byteCount(view.shape, type, name: name)
        let start = try elements(of: storage, type).lowerBound
        if byteCount == 0 { return StoredTensor(name: name, shape: shape, type: type, storage: file, offset: start) }
        guard let last = Self.lastElement(of: view), last < available else { throw outside }

        if Self.isContiguous(view) {
            let offset = start + view.offset * type.blockByteCount
            return StoredTensor(name: name, shape: shape, type: type, storage: file, offset: offset)
        }
        guard byteCount <= maximumCopiedByteCount - copiedByteCount else {
            throw .viewsTooLarge(name: name, limit: maximumCopiedByteCount)
        }
        copiedByteCount += byteCount
        let copy = gather(view, type, start: start, byteCount: byteCount)
        return StoredTensor(name: name, shape: shape, type: type, storage: copy)
    }

    /// Where in the file the visible elements of `storage` lie.
    private func elements(of storage: PickledStorage, _ type: DataType) throws(CheckpointError) -> Range<Int> {
        let range = try locate(storage)
        let (expected, overflow) = storage.elementCount.multipliedReportingOverflow(by: type.blockByteCount)
        guard !overflow, expected == range.count else {
            throw .storageSizeMismatch(key: storage.key, expected: overflow ? Int.max : expected, found: range.count)
        }
        guard let part = storage.part else { return range }
        let start = range.lowerBound + part.offset * type.blockByteCount
        return start..<start + part.count * type.blockByteCount
    }

    /// The position of the last element that a view with elements touches; `nil` if it overflows.
    private static func lastElement(of view: PickledTensor) -> Int? {
        var last = view.offset
        for (extent, stride) in zip(view.shape, view.strides) {
            let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(reach)
            if overflow || carry { return nil }
            last = sum
        }
        return last
    }

    /// Whether the elements follow each other; the stride of an extent of one says nothing.
    private static func isContiguous(_ view: PickledTensor) -> Bool {
        var expected = 1
        for (extent, stride) in zip(view.shape, view.strides).reversed() where extent != 1 {
            if stride != expected { return false }
            expected *= extent
        }
        return true
    }

    private func gather(_ view: PickledTensor, _ type: DataType, start: Int, byteCount: Int) -> Storage {
        let copy = Storage(byteCount: byteCount)
        guard let target = copy.mutableBytes else { return copy }
        withExtendedLifetime(file) {
            let source = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
            switch type.blockByteCount {
            case 8: Self.gather(view, source, target, UInt64.self)
            case 4: Self.gather(view, source, target, UInt32.self)
            case 2: Self.gather(view, source, target, UInt16.self)
            default: Self.gather(view, source, target, UInt8.self)
            }
        }
        return copy
    }

    /// Copies the elements in row-major order; the view was checked to lie in `source`.
    private static func gather<Element: BitwiseCopyable>(
        _ view: PickledTensor, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
        _: Element.Type
    ) {
        let width = MemoryLayout<Element>.size
        let inner = view.shape.last ?? 1
        let innerStride = view.strides.last ?? 1
        var index = [Int](repeating: 0, count: max(view.shape.count - 1, 0))
        var written = 0
        while written < target.count {
            var position = view.offset
            for (i, stride) in zip(index, view.strides) { position += i * stride }
            for _ in 0..<inner {
                let element = source.loadUnaligned(fromByteOffset: position * width, as: Element.self)
                target.storeBytes(of: element, toByteOffset: written, as: Element.self)
                written += width
                position += innerStride
            }
            var dimension = index.count - 1
            while dimension >= 0 {
                index[dimension] += 1
                if index[dimension] < view.shape[dimension] { break }
                index[dimension] = 0
                dimension -= 1
            }
        }
    }
}
