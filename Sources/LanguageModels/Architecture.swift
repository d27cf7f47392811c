public import Tensors

/// A kind of model: how to recognise its checkpoints, read its sizes from them, and build its blocks.
///
/// Each lives in one file under `Architectures/` and is entered in `architectures`; nothing else knows it.
public protocol Architecture {
    /// What the architecture is called on the command line and in saved configurations.
    static var name: String { get }

    /// Whether a checkpoint with these tensors is of this architecture.
    static func recognizes(_ catalogue: TensorCatalogue) -> Bool

    /// The sizes of the model in a checkpoint, read from shapes and never guessed.
    static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration

    /// Builds the block of a layer, declaring its parameters in `scope`, which stands at `blocks.{layer}.`.
    static func makeBlock(
        layer: Int, _ configuration: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block
}

/// All architectures, in the order in which they are asked whether a checkpoint is theirs.
public var architectures: [any Architecture.Type] { [RWKV4.self] }

/// Finds an architecture by name.
func architecture(named name: String) throws(ModelError) -> any Architecture.Type {
    guard let found = architectures.first(where: { $0.name == name }) else {
        throw .unknownArchitecture(name: name, known: architectures.map { $0.name })
    }
    return found
}

/// The names and shapes of a checkpoint's tensors.
public struct TensorCatalogue {
    private let shapes: [String: Shape]
    private let names: [String]

    public init(_ source: some TensorSource) {
        names = source.tensors.map(\.name)
        shapes = Dictionary(source.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    }

    /// The shape of the tensor with this name.
    public subscript(name: String) -> Shape? { shapes[name] }

    /// The shape of a tensor that must be there, as a matrix.
    public func matrix(_ name: String) throws(ModelError) -> (rows: Int, columns: Int) {
        guard let shape = shapes[name] else { throw .notALanguageModel(tensorCount: names.count, missing: name) }
        guard shape.extents.count == 2 else {
            throw .invalidSize(what: "number of extents of “\(name)”", found: shape.extents.count, needed: "2")
        }
        return (shape.extents[0], shape.extents[1])
    }

    /// One more than the largest l of the names `blocks.{l}.…`, in whatever order they come.
    public var layerCount: Int {
        var count = 0
        for name in names where name.hasPrefix("blocks.") {
            if let layer = Int(name.dropFirst(7).prefix { $0 != "." }), layer >= 0, layer < Int.max {
                count = max(count, layer + 1)
            }
        }
        return count
    }

    /// A few names, for an error message.
    var examples: [String] { Array(names.prefix(3)) }
    var count: Int { names.count }
}
