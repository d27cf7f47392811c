/// Tensors in memory as a source.
public struct TensorList: TensorSource {
    public let tensors: [StoredTensor]
    public let metadata: [String: String]

    public init(tensors: [StoredTensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }
}
