internal import Tensors

/// Where each slot of each layer lies in a state's memory.
public struct StateLayout: Sendable, Hashable {
    /// The slots of all layers, in order.
    public let slots: [StateSlotDescription]
    /// Where each slot begins, in floats: in the state, or if it grows in each page.
    let offsets: [Int]
    /// The floats of all slots of constant size.
    let count: Int
    /// The floats of a page: of the slots that grow, for `PagedSlot.pageLength` tokens.
    let pageCount: Int
    /// The indices of each layer's slots.
    let layers: [Range<Int>]
    /// Where each layer's slots of constant size stand.
    private let fixed: [Range<Int>]

    init(_ blocks: [any Block]) {
        var slots: [StateSlotDescription] = []
        var offsets: [Int] = []
        var layers: [Range<Int>] = []
        var fixed: [Range<Int>] = []
        var offset = 0
        var pageOffset = 0
        for block in blocks {
            layers.append(slots.count..<slots.count + block.stateSlots.count)
            let start = offset
            for slot in block.stateSlots {
                slots.append(slot)
                if slot.growth != nil {
                    offsets.append(pageOffset)
                    pageOffset += slot.shape.count * PagedSlot.pageLength
                } else {
                    offsets.append(offset)
                    // Slots begin on cache lines, so that threads that write neighbours do not disturb each other.
                    offset += (slot.shape.count + 15) / 16 * 16
                }
            }
            fixed.append(start..<offset)
        }
        self.slots = slots
        self.offsets = offsets
        self.layers = layers
        self.fixed = fixed
        count = offset
        pageCount = pageOffset
    }

    /// Whether a state grows with the tokens that it has read.
    public var grows: Bool { pageCount > 0 }

    /// The bytes that a state grows by for each token; 0 where its size is constant.
    public var bytesPerToken: Int { pageCount / PagedSlot.pageLength * 4 }

    /// The offsets of a layer's slots.
    func offsets(ofLayer layer: Int) -> ArraySlice<Int> { offsets[layers[layer]] }

    /// Where a layer's slots of constant size stand, in floats.
    func fixed(ofLayer layer: Int) -> Range<Int> { fixed[layer] }
}
