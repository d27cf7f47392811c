public import Tensors

/// One layer of a model: takes the residual stream past some tokens and gives it back changed.
///
/// One body serves decoding, prefill and training; a block never asks which it is.
public protocol Block: Sendable {
    /// What the block remembers of a sequence between calls, in the order of the official state's slots.
    var stateSlots: [StateSlotDescription] { get }

    /// What its state begins with while that is being learnt.
    var learntState: LearntState? { get }

    /// How fast each channel or head of its state fades, as −ln of the factor that is left after a token; empty if
    /// nothing fades.
    ///
    /// Where the factor depends on the token, it is the one without the token's part.
    func decayRates() -> [Double]

    /// The residual stream `[rows, C]` after this block.
    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor
}

extension Block {
    public func decayRates() -> [Double] { [] }
}

/// A slot of a block's state: what it is called, its shape, and what it holds before the first token.
public struct StateSlotDescription: Sendable, Hashable {
    public let name: String
    public let shape: Shape
    public let initialValue: Float

    public init(_ name: String, _ shape: Shape, initialValue: Float = 0) {
        self.name = name
        self.shape = shape
        self.initialValue = initialValue
    }
}

/// What the blocks of one forward call share: the batch's tokens, its layout, and the states of its sequences.
///
/// Whatever crosses layers lives here, visibly.
public struct ForwardContext {
    /// The tokens of all rows.
    public let tokens: [Int32]
    /// Which rows belong to which sequence.
    public let layout: SequenceLayout
    /// What the first block is given: the normed embeddings of the tokens, `[rows, C]`.
    public let embedded: Tensor
    /// What a layer leaves for the ones above it.
    public private(set) var carried = CarriedValues()

    private var states: [UnsafeMutablePointer<Float>]
    private var offsets: ArraySlice<Int> = []
    private var slotsEnd = 0

    init(tokens: [Int32], layout: SequenceLayout, embedded: Tensor, states: [UnsafeMutablePointer<Float>]) {
        self.tokens = tokens
        self.layout = layout
        self.embedded = embedded
        self.states = states
    }

    /// Slot `index` of this mixer's state, of every sequence.
    public func slot(_ index: Int) -> StateSlot {
        let offset = offsets[offsets.startIndex + index]
        return StateSlot(states.map { $0 + offset })
    }

    /// The context as a layer's block sees it: `slotOffsets` are its own, and end at `end`.
    func forLayer(_ slotOffsets: ArraySlice<Int>, end: Int) -> ForwardContext {
        var context = self
        context.offsets = slotOffsets
        context.slotsEnd = end
        return context
    }

    /// A copy of the slots of this layer, `[sequences, floats]`.
    func savedSlots(on tape: Tape) -> Tensor {
        let start = offsets.first ?? slotsEnd
        let copy = Tensor(Shape(rows: states.count, columns: slotsEnd - start), in: tape.workspace.buffers)
        for (row, state) in states.enumerated() {
            copy.withRow(row) { $0.update(from: state + start, count: slotsEnd - start) }
        }
        return copy
    }

    /// The context as it was: over slots that were copied, with the first value that there was.
    func over(_ slots: Tensor, _ firstValue: Tensor?) -> ForwardContext {
        var context = self
        let start = offsets.first ?? slotsEnd
        context.states = states.indices.map { row in slots.withRow(row) { $0 - start } }
        context.carried = CarriedValues()
        context.carried.firstValue = firstValue
        return context
    }

    /// The context as the block's second half sees it: without the first half's slots.
    func droppingSlots(_ count: Int) -> ForwardContext { forLayer(offsets.dropFirst(count), end: slotsEnd) }
}

/// Values that a layer of one forward call leaves for the layers above it.
public final class CarriedValues {
    /// RWKV-7: the values of the first layer, `[rows, C]`.
    public var firstValue: Tensor?
}
