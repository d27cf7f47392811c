/// The sizes that fix a model's parameters: everything about it but their values.
public struct ModelConfiguration: Hashable, Sendable, Codable {
    /// The architecture's name, for example `rwkv4`.
    public var architecture: String
    /// L, the number of blocks.
    public var layerCount: Int
    /// C, the width of the residual stream.
    public var width: Int
    /// F, the width inside the channel mix.
    public var hiddenWidth: Int
    /// V, the number of tokens.
    public var vocabularySize: Int

    /// - Parameter hiddenWidth: Four times the width unless given, as in the published models.
    public init(
        architecture: String = RWKV4.name, layerCount: Int, width: Int, hiddenWidth: Int? = nil, vocabularySize: Int
    ) {
        self.architecture = architecture
        self.layerCount = layerCount
        self.width = width
        self.hiddenWidth = hiddenWidth ?? 4 * width
        self.vocabularySize = vocabularySize
    }
}
