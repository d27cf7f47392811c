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
    /// How a slot grows that holds something of every token.
    public enum Growth: Sendable, Hashable {
        /// A page holds a row `[C]` for each of its tokens.
        case rows
        /// A page holds a column for each of its tokens: `[C, pageLength]`.
        case columns
    }

    public let name: String
    /// The slot's shape; if it grows, that of a token's part.
    public let shape: Shape
    public let initialValue: Float
    /// How it grows; `nil` if its size is constant.
    public let growth: Growth?

    public init(_ name: String, _ shape: Shape, initialValue: Float = 0) {
        self.name = name
        self.shape = shape
        self.initialValue = initialValue
        growth = nil
    }

    /// A slot that holds `width` floats of every token, and nothing before the first.
    public init(_ name: String, perToken width: Int, _ growth: Growth) {
        self.name = name
        shape = [width]
        initialValue = 0
        self.growth = growth
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
    /// The layer that the context is for.
    private(set) var layer = 0
    /// Is shown what the blocks compute, if anybody wants to know.
    let observer: ActivationObserver?

    private var states: [UnsafeMutablePointer<Float>]
    private let caches: [StateCache]
    private var offsets: ArraySlice<Int> = []
    // Where the layer's slots of constant size stand in a state.
    private var fixed = 0..<0

    init(
        tokens: [Int32], layout: SequenceLayout, embedded: Tensor, states: [UnsafeMutablePointer<Float>],
        caches: [StateCache], observer: ActivationObserver? = nil
    ) {
        self.tokens = tokens
        self.layout = layout
        self.embedded = embedded
        self.states = states
        self.caches = caches
        self.observer = observer
    }

    /// The tokens that each sequence has read before, in models whose state grows with them.
    public var starts: [Int] { caches.map(\.start) }

    /// Slot `index` of this mixer's state, of every sequence.
    public func slot(_ index: Int) -> StateSlot {
        let offset = offsets[offsets.startIndex + index]
        return StateSlot(states.map { $0 + offset })
    }

    /// Slot `index` of this mixer's state, one that grows, of every sequence.
    public func pagedSlot(_ index: Int) -> PagedSlot {
        PagedSlot(caches.map(\.pages), offset: offsets[offsets.startIndex + index], starts: starts)
    }

    /// The context as a layer's block sees it: `slotOffsets` are its own, and `fixed` is where those of constant size stand.
    func forLayer(_ layer: Int, _ slotOffsets: ArraySlice<Int>, fixed: Range<Int>) -> ForwardContext {
        var context = self
        context.layer = layer
        context.offsets = slotOffsets
        context.fixed = fixed
        return context
    }

    /// A copy of the slots of this layer that have a constant size, `[sequences, floats]`.
    func savedSlots(on tape: Tape) -> Tensor {
        let copy = Tensor(Shape(rows: states.count, columns: fixed.count), in: tape.workspace.buffers)
        for (row, state) in states.enumerated() {
            copy.withRow(row) { $0.update(from: state + fixed.lowerBound, count: fixed.count) }
        }
        return copy
    }

    /// The context as it was: over slots that were copied, with the first value that there was. Slots that grow stay: what
    /// was before is there, and what comes is written again.
    func over(_ slots: Tensor, _ firstValue: Tensor?) -> ForwardContext {
        var context = self
        context.states = states.indices.map { row in slots.withRow(row) { $0 - fixed.lowerBound } }
        context.carried = CarriedValues()
        context.carried.firstValue = firstValue
        context.carried.angles = carried.angles
        return context
    }

    /// The context as the block's second half sees it: without the first half's slots.
    func droppingSlots(_ count: Int) -> ForwardContext {
        forLayer(layer, offsets.dropFirst(count), fixed: fixed)
    }
}

/// Values that a layer of one forward call leaves for the layers above it.
public final class CarriedValues {
    /// RWKV-7: the values of the first layer, `[rows, C]`.
    public var firstValue: Tensor?
    /// Transformers: the angles of the rows' positions.
    public var angles: RotaryAngles?
}
