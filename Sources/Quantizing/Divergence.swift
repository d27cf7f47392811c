internal import Foundation

/// How the predictions of a model differ from those of the model that it stands for, over the tokens of a text.
public struct Divergence: Sendable, Equatable {
    /// The tokens that were predicted.
    public internal(set) var tokenCount = 0
    /// −log probability of the text.
    public internal(set) var nats = 0.0
    /// The largest |difference| of a logit, of all tokens of the vocabulary at all positions.
    public internal(set) var greatestLogitChange: Float = 0
    var divergenceSum = 0.0
    var agreementCount = 0

    /// e to the mean −log probability of a token.
    public var perplexity: Double { exp(nats / Double(max(1, tokenCount))) }

    /// The mean over positions of KL(original ‖ this) = Σ_v p[v] · log(p[v] / q[v]), in nats.
    public var meanDivergence: Double { divergenceSum / Double(max(1, tokenCount)) }

    /// The share of positions at which both give the highest probability to the same token.
    public var agreement: Double { Double(agreementCount) / Double(max(1, tokenCount)) }
}
