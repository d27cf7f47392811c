public import Tensors

/// A kind of model: how to recognise its checkpoints, read its sizes from them, and build its blocks.
///
/// Each lives in one file under `Architectures/` and is entered in `architectures`; nothing else knows it.
public protocol Architecture {
    /// What the architecture is called on the command line and in saved configurations.
    static var name: String { get }

    /// Whether a checkpoint with these tensors is of this architecture.
    ///
    /// At most one architecture says so, whatever the order in which they are asked.
    static func recognizes(_ catalogue: TensorCatalogue) -> Bool

    /// The sizes of the model in a checkpoint, read from shapes and never guessed.
    static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration

    /// The sizes that published models of this width have.
    static func defaultSizes(width: Int) -> DefaultSizes

    /// Throws for sizes that the architecture cannot have, of those that a model can have.
    static func validate(_ configuration: ModelConfiguration) throws(ModelError)

    /// What stands around the blocks.
    /// - Parameter learningRate: The first one of the training to come.
    static func frame(_ configuration: ModelConfiguration, learningRate: Float) -> ModelFrame

    /// Whether the rows of a sequence must be computed one after the other. Then a training is faster the more sequences go
    /// through the model at once.
    static var isSequential: Bool { get }

    /// Builds the block of a layer, declaring its parameters in `scope`, which stands at `blocks.{layer}.`.
    static func makeBlock(
        layer: Int, _ configuration: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block
}

extension Architecture {
    public static func validate(_ configuration: ModelConfiguration) throws(ModelError) {}

    // RWKV-LM since version 5, whatever the learning rate.
    public static func frame(_ c: ModelConfiguration, learningRate: Float) -> ModelFrame {
        .rwkv(c, embeddingBound: 1e-4)
    }

    public static var isSequential: Bool { false }

    /// Whether the architecture has heads.
    public static var hasHeads: Bool { defaultSizes(width: 64).headSize != nil }
}

/// What stands around a model's blocks: the embedding and the head, and whether norms follow the one and come before the
/// other.
public struct ModelFrame: Sendable {
    /// How the embedding begins.
    public var embedding: Initializer
    /// Whether embeddings are normed (`blocks.0.ln0`).
    public var normsEmbedding = true
    /// Whether the last block's output is normed (`ln_out`).
    public var normsOutput = true
    /// How the head begins.
    public var head: Initializer

    /// As in RWKV-LM: an embedding uniform in −bound…bound, and an orthogonal head.
    static func rwkv(_ c: ModelConfiguration, embeddingBound: Float) -> ModelFrame {
        let ratio = Float(c.vocabularySize) / Float(c.width)
        return ModelFrame(
            embedding: .uniform(embeddingBound), head: .orthogonal(gain: 0.5 * max(1, ratio).squareRoot()))
    }
}

/// All architectures.
public var architectures: [any Architecture.Type] {
    [
        RWKV4.self, RWKV5_0.self, RWKV5_1.self, RWKV5_2.self, RWKV6.self, RWKV7.self, RWKV7a.self, Elman.self,
        LSTM.self, Transformer.self,
    ]
}

/// Finds an architecture by name; `rwkv5` is the last of its versions.
func architecture(named name: String) throws(ModelError) -> any Architecture.Type {
    let wanted = name == "rwkv5" ? RWKV5_2.name : name
    guard let found = architectures.first(where: { $0.name == wanted }) else {
        throw .unknownArchitecture(name: name, known: architectures.map { $0.name })
    }
    return found
}
