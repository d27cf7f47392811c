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

    /// The embedding begins uniform in −bound…bound.
    /// - Parameter learningRate: The first one of the training to come.
    static func embeddingBound(learningRate: Float) -> Float

    /// Builds the block of a layer, declaring its parameters in `scope`, which stands at `blocks.{layer}.`.
    static func makeBlock(
        layer: Int, _ configuration: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block
}

extension Architecture {
    // RWKV-LM since version 5, whatever the learning rate.
    public static func embeddingBound(learningRate: Float) -> Float { 1e-4 }
}

/// All architectures.
public var architectures: [any Architecture.Type] {
    [RWKV4.self, RWKV5_0.self, RWKV5_1.self, RWKV5_2.self, RWKV6.self, RWKV7.self, RWKV7a.self]
}

/// Finds an architecture by name; `rwkv5` is the last of its versions.
func architecture(named name: String) throws(ModelError) -> any Architecture.Type {
    let wanted = name == "rwkv5" ? RWKV5_2.name : name
    guard let found = architectures.first(where: { $0.name == wanted }) else {
        throw .unknownArchitecture(name: name, known: architectures.map { $0.name })
    }
    return found
}
