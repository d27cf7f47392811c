internal import Tensors

/// What an RNN and an LSTM have in common: layers as wide as the embedding, between it and a head without norms, whose rows
/// are computed one after the other.
public protocol RecurrentArchitecture: Architecture {}

extension RecurrentArchitecture {
    public static var isSequential: Bool { true }

    // blocks.{layer}.rnn.… and blocks.{layer}.lstm.…
    private static var hidden: String { "blocks.0.\(name).weight_hh" }

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool { catalogue[hidden] != nil }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(of: name, hiddenWidth: catalogue.matrix(hidden).columns)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes { DefaultSizes(hiddenWidth: width) }

    /// Throws unless what is inside a layer is as wide as what goes in and out.
    public static func validate(_ c: ModelConfiguration) throws(ModelError) {
        for (what, size) in [("hidden width", c.hiddenWidth), ("head size", c.headSize)] where size != c.width {
            throw .invalidSize(
                what: what, found: size, needed: "\(c.width), as the width, for the architecture \(c.architecture)")
        }
    }

    /// As PyTorch's `nn.Embedding` and `nn.Linear` begin, without norms.
    public static func frame(_ c: ModelConfiguration, learningRate: Float) -> ModelFrame {
        ModelFrame(
            embedding: .normal(deviation: 1), normsEmbedding: false, normsOutput: false,
            head: .uniform(1 / Float(c.width).squareRoot()))
    }
}
