public import Tensors

/// A Transformer of GPT's kind: each layer looks back at all tokens so far, whose keys and values it keeps.
///
/// Vaswani et al. 2017 (arXiv:1706.03762); norms before the parts of a block, biases, GELU and first values as in GPT-2
/// (Radford et al. 2019), rotary positions (Su et al. 2021, arXiv:2104.09864) in place of learnt ones, so that no length is
/// the longest, and a head of its own as RWKV has it.
public enum Transformer: Architecture {
    public static let name = "transformer"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.query.weight"] != nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        // No matrix says how many heads there are: the bias of the queries does, [H, N].
        try catalogue.configuration(of: name, headCount: catalogue.matrix("blocks.0.att.query.bias").rows)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes {
        DefaultSizes(hiddenWidth: 4 * width, headSize: DefaultSizes.headSize(width: width))
    }

    public static func validate(_ c: ModelConfiguration) throws(ModelError) {
        let limit = Tape.attentionHeadLimit
        if c.headSize % 2 != 0 || c.headSize > limit {
            throw .invalidSize(
                what: "head size", found: c.headSize, needed: "even and at most \(limit) for the architecture \(name)")
        }
    }

    public static func frame(_ c: ModelConfiguration, learningRate: Float) -> ModelFrame {
        ModelFrame(embedding: .normal(deviation: 0.02), normsEmbedding: false, head: .normal(deviation: 0.02))
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        try ResidualBlock(
            c, scope, timeMix: CausalAttention(c, scope.scope("att")), channelMix: FeedForward(c, scope.scope("ffn")))
    }

    /// GPT-2's first values: what adds to the residual stream begins smaller the more layers do so.
    fileprivate static func deviation(_ c: ModelConfiguration, addsToResidual: Bool) -> Initializer {
        .normal(deviation: addsToResidual ? 0.02 / Float(2 * c.layerCount).squareRoot() : 0.02)
    }
}

/// Attention of several heads over all tokens so far.
///
///     q = turn(W_q · x + b_q);  k = turn(W_k · x + b_k);  v = W_v · x + b_v
///     y = W_o · attention(q, k, v) + b_o
private struct CausalAttention: Mixer {
    let query, key, value, output: Biased  // ….weight [C, C], ….bias [C], of the queries [H, N]
    let headSize: Int
    let stateSlots: [StateSlotDescription]

    init(_ c: ModelConfiguration, _ scope: ParameterScope) throws(ParameterError) {
        let width = c.width
        let first = Transformer.deviation(c, addsToResidual: false)
        headSize = c.headSize
        query = try Biased(
            width, width, biasShape: [c.headCount, c.headSize], weight: first, scope.scope("query"))
        key = try Biased(width, width, weight: first, scope.scope("key"))
        value = try Biased(width, width, weight: first, scope.scope("value"))
        output = try Biased(
            width, width, weight: Transformer.deviation(c, addsToResidual: true), scope.scope("output"))
        stateSlots = [
            StateSlotDescription("keys", perToken: width, .columns),
            StateSlotDescription("values", perToken: width, .rows),
        ]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let layout = context.layout
        let angles =
            context.carried.angles ?? tape.rotaryAngles(starts: context.starts, headSize: headSize, layout)
        context.carried.angles = angles
        let q = tape.rotate(query(x, on: tape), angles)
        let k = tape.rotate(key(x, on: tape), angles)
        let v = value(x, on: tape)
        let y = tape.attention(
            q, k, v, keys: context.pagedSlot(0), values: context.pagedSlot(1), headSize: headSize,
            layout)
        context.observe(.query, q)
        context.observe(.key, k)
        context.observe(.value, v)
        context.observe(.recurrence, y)
        return output(y, on: tape)
    }
}

/// The feed-forward half of a block: `W_value · gelu(W_key · x + b_key) + b_value`.
private struct FeedForward: Mixer {
    let key: Biased  // key.weight [F, C], key.bias [F]
    let value: Biased  // value.weight [C, F], value.bias [C]
    let stateSlots: [StateSlotDescription] = []

    init(_ c: ModelConfiguration, _ scope: ParameterScope) throws(ParameterError) {
        key = try Biased(
            c.hiddenWidth, c.width, weight: Transformer.deviation(c, addsToResidual: false), scope.scope("key"))
        value = try Biased(
            c.width, c.hiddenWidth, weight: Transformer.deviation(c, addsToResidual: true), scope.scope("value"))
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        value(tape.gelu(key(x, on: tape)), on: tape)
    }
}
