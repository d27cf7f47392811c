public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension LanguageModel {
    /// The model that a checkpoint describes, with zeros for weights: its sizes, its parameters and its state's layout.
    ///
    /// Every name, shape and type is checked as in `init(loading:)`.
    /// - Throws: as `init(loading:)`.
    /// - Complexity: the number of tensors; no weight is read, and the memory does not grow with the file.
    public convenience init(outlining source: some TensorSource) throws {
        try self.init(loading: Outline(source))
    }
}

/// The names and shapes of a source over one shared run of zeros.
private struct Outline: TensorSource {
    let tensors: [StoredTensor]
    let metadata: [String: String]

    init(_ source: some TensorSource) {
        let weights = source.tensors.filter(\.type.holdsWeights)
        // Pages that calloc hands out take no memory until they are touched.
        let byteCount = max(4, 4 * (weights.map(\.shape.count).max() ?? 0))
        let zeros = calloc(byteCount, 1).map { memory in
            nonisolated(unsafe) let memory = memory
            return Storage(readOnly: UnsafeRawBufferPointer(start: memory, count: byteCount)) { free(memory) }
        }
        tensors = source.tensors.map { tensor in
            guard let zeros, tensor.type.holdsWeights else { return tensor }
            return StoredTensor(name: tensor.name, shape: tensor.shape, type: .f32, storage: zeros)
        }
        metadata = source.metadata
    }
}
