import Tensors

/// Tensors as a source to load from.
struct TensorsInMemory: TensorSource {
    var tensors: [StoredTensor]
    var metadata: [String: String] = [:]
}
