public import Tensors

/// The names and shapes of a checkpoint's tensors.
public struct TensorCatalogue {
    private let shapes: [String: Shape]
    private let names: [String]
    /// What the checkpoint says of its model besides; see `ModelConfiguration.init(metadata:)`.
    let metadata: [String: String]

    public init(_ source: some TensorSource) {
        names = source.tensors.map(\.name)
        shapes = Dictionary(source.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        metadata = source.metadata
    }

    /// The shape of the tensor with this name.
    public subscript(name: String) -> Shape? { shapes[name] }

    /// The shape of a tensor that must be there.
    public func shape(_ name: String) throws(ModelError) -> Shape {
        guard let shape = shapes[name] else { throw .notALanguageModel(tensorCount: names.count, missing: name) }
        return shape
    }

    /// The shape of a tensor that must be there, as a matrix.
    public func matrix(_ name: String) throws(ModelError) -> (rows: Int, columns: Int) {
        let shape = try shape(name)
        guard shape.extents.count == 2 else {
            throw .invalidSize(what: "number of extents of “\(name)”", found: shape.extents.count, needed: "2")
        }
        return (shape.extents[0], shape.extents[1])
    }

    /// The sizes that every version has, and the given ones.
    /// - Parameters:
    ///   - headCount: How many heads there are, if the architecture has any.
    ///   - hiddenWidth: F; that of the channel mix if `nil`.
    public func configuration(
        of architecture: String, headCount: Int? = nil, hiddenWidth: Int? = nil, ranks: [String: Int] = [:]
    ) throws(ModelError) -> ModelConfiguration {
        let embedding = try matrix("emb.weight")
        if let headCount, headCount < 1 || embedding.columns % headCount != 0 {
            throw .invalidSize(
                what: "number of heads", found: headCount, needed: "a divisor of the width \(embedding.columns)")
        }
        let hidden = if let hiddenWidth { hiddenWidth } else { try matrix("blocks.0.ffn.key.weight").rows }
        var epsilon = ModelConfiguration.officialGroupNormEpsilon
        if let text = metadata["group_norm_epsilon"] {
            guard let value = Float(text), value > 0, value.isFinite else { throw .invalidEpsilon(found: text) }
            epsilon = value
        }
        return ModelConfiguration(
            architecture: architecture, layerCount: layerCount, width: embedding.columns,
            hiddenWidth: hidden, vocabularySize: embedding.rows,
            headSize: headCount.map { embedding.columns / $0 } ?? embedding.columns, ranks: ranks,
            groupNormEpsilon: epsilon)
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
