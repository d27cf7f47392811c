/// What a model makes of a text, step by step, as numbers: everything that `ExplanationPage` draws.
public struct Explanation: Sendable, Encodable {
    /// The model's sizes.
    public struct Model: Sendable, Encodable {
        public let architecture: String
        public let family: Family
        public let layerCount, width, headCount, headSize, hiddenWidth, vocabularySize, parameterCount: Int
        /// The numbers that the state holds of any text, and the numbers that it grows by with each token.
        public let stateCount, stateCountPerToken: Int
    }

    /// A token of the text.
    public struct Token: Sendable, Encodable {
        public let id: Int32
        /// Its text with marks for what cannot be seen; see `TokenLabel`.
        public let text: String
        /// The first numbers of its row of the embedding, and the length of the whole row.
        public let embedding: [Float]
        public let embeddingNorm: Double
    }

    /// A token that may come next.
    public struct Candidate: Sendable, Encodable {
        public let id: Int32
        public let text: String
        public let logit: Double
        public let probability: Double
    }

    /// The prediction behind a layer, after a token.
    public struct Prediction: Sendable, Encodable {
        /// The likeliest tokens, the likeliest first.
        public let best: [Candidate]
        /// The probability of the token that the whole model finds likeliest there.
        public let finalProbability: Double
        /// The probability of the token that does come next; `nil` after the last.
        public let nextProbability: Double?
    }

    /// The part of the present row in what is mixed for r, k and v, of each channel, in ascending order.
    public struct TokenShift: Sendable, Encodable {
        public let receptance, key, value: [Double]
    }

    /// One layer, in brief.
    public struct Layer: Sendable, Encodable {
        /// ‖x‖ of the residual stream that it is given, and of what its two halves add, at the position.
        public let inputNorm: Double
        public let timeNorm, channelNorm: Double?
        public let tokenShift: TokenShift?
        /// After how many tokens of this text half of a channel is gone, the shortest first; empty if nothing fades.
        public let halfLives: [Double]
        /// `[head][t][i]`: what position t takes of the value of token i; `nil` if left out for its size.
        public let attention: [[[Double]]]?
        /// The largest difference of Σ attention ⊙ v to the model's own recurrence, as a part of its largest output.
        public let attentionError: Double?
        /// The mean of σ(r) of the channel mix after each token.
        public let gate: [Double]?
        /// The part of the F inner channels of the channel mix that are not 0, after each token.
        public let activeShare: [Double]?
    }

    public let model: Model
    public let tokens: [Token]
    /// What the page looks at closely.
    public let layer, head, position: Int
    public let layers: [Layer]
    public let detail: Detail
    /// `[layer][t]`; the last layer only where a model's layers do not share a residual stream.
    public let predictions: [[Prediction]]
    /// The layer of the first of `predictions`.
    public let firstPredictingLayer: Int
    /// The likeliest tokens after the position.
    public let next: [Candidate]

    /// Channels beside each other, with a row for each token.
    public struct Rows: Sendable, Encodable {
        public let name: String
        public let values: [[Float]]
    }

    /// The inside of the chosen layer and head.
    public struct Detail: Sendable, Encodable {
        /// The channels of the model that `rows` and `shift` show.
        public let channels: Range<Int>
        /// One channel's token shift at the position.
        public let shift: Shift?
        /// r, k, v and whatever else the recurrence is given, `[T, channels]` each.
        public let rows: [Rows]
        /// RWKV-4: the two sums of some channels through time.
        public let sums: [Sums]
        /// RWKV-5 to 7: the state of every head after the position, as S in the formulas.
        public let matrices: [[[Float]]]
        /// The same of the chosen head after some of the tokens.
        public let history: [Moment]
        /// ‖S‖ of every head after every token, `[head][t]`.
        public let matrixNorms: [[Double]]
        /// σ(r) of the channel mix at the position in ascending order.
        public let gate: [Double]?
    }

    /// A state matrix after a token.
    public struct Moment: Sendable, Encodable {
        public let token: Int
        public let matrix: [[Float]]
    }

    /// x_k of one channel: `mixed = present·share + previous·(1 − share)`.
    public struct Shift: Sendable, Encodable {
        public let channel: Int
        public let previous, present, mixed, share: Double
    }

    /// RWKV-4's recurrence in one channel: the sums after each token, and what is read at it.
    public struct Sums: Sendable, Encodable {
        public let channel: Int
        /// Tokens until half of it is gone.
        public let halfLife: Double
        /// u, and k and v of each token.
        public let bonus: Double
        public let key, value: [Double]
        /// Σ e^… v and Σ e^…, which the next token will find.
        public let num, den: [Double]
        /// wkv, the weighted mean.
        public let wkv: [Double]
    }
}
