internal import Tensors

/// Half of a block: mixes the rows of a sequence, or the channels of a row, and remembers what it must.
protocol Mixer: Sendable {
    /// What it remembers of a sequence between calls.
    var stateSlots: [StateSlotDescription] { get }

    /// What its state begins with while that is being learnt.
    var learntState: LearntState? { get }

    /// How fast what it remembers fades; see `Block`.
    func decayRates() -> [Double]

    /// What is added to the residual stream.
    /// - Parameters:
    ///   - x: The normed residual stream `[rows, C]`.
    ///   - context: Its slots are the mixer's own, from 0.
    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor
}

extension Mixer {
    // Only the matrices of time mixes are ever learnt.
    var learntState: LearntState? { nil }

    // Channel mixes only know the row before.
    func decayRates() -> [Double] { [] }
}

/// The block of every version of RWKV.
///
///     x = x + timeMix(LN(x; ln1))
///     x = x + channelMix(LN(x; ln2))
struct ResidualBlock: Block {
    private let timeNorm: PreNorm
    private let timeMix: any Mixer
    private let channelNorm: PreNorm
    private let channelMix: any Mixer
    let stateSlots: [StateSlotDescription]

    init(
        _ c: ModelConfiguration, _ scope: ParameterScope, timeMix: any Mixer, channelMix: any Mixer
    ) throws(ParameterError) {
        timeNorm = try PreNorm(c.width, scope.scope("ln1"))
        channelNorm = try PreNorm(c.width, scope.scope("ln2"))
        self.timeMix = timeMix
        self.channelMix = channelMix
        stateSlots = timeMix.stateSlots + channelMix.stateSlots
    }

    var learntState: LearntState? { timeMix.learntState }

    func decayRates() -> [Double] { timeMix.decayRates() }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let timeInput = timeNorm(x, on: tape)
        context.observe(.timeInput, timeInput)
        let timeOutput = timeMix(timeInput, context, on: tape)
        context.observe(.timeOutput, timeOutput)
        let attended = tape.add(x, tape.dropout(timeOutput))

        let channelInput = channelNorm(attended, on: tape)
        context.observe(.channelInput, channelInput)
        let channelContext = context.droppingSlots(timeMix.stateSlots.count)
        let channelOutput = channelMix(channelInput, channelContext, on: tape)
        context.observe(.channelOutput, channelOutput)
        return tape.add(attended, tape.dropout(channelOutput))
    }
}
