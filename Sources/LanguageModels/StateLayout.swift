internal import Tensors

/// Where each slot of each layer lies in a state's memory.
public struct StateLayout: Sendable, Hashable {
    /// The slots of all layers, in order.
    public let slots: [StateSlotDescription]
    /// Where each slot begins, in floats.
    let offsets: [Int]
    /// The floats of all slots.
    let count: Int
    /// The indices of each layer's slots.
    let layers: [Range<Int>]

    init(_ blocks: [any Block]) {
        var slots: [StateSlotDescription] = []
        var offsets: [Int] = []
        var layers: [Range<Int>] = []
        var offset = 0
        for block in blocks {
            layers.append(slots.count..<slots.count + block.stateSlots.count)
            for slot in block.stateSlots {
                slots.append(slot)
                offsets.append(offset)
                // Slots begin on cache lines, so that threads that write neighbours do not disturb each other.
                offset += (slot.shape.count + 15) / 16 * 16
            }
        }
        self.slots = slots
        self.offsets = offsets
        self.layers = layers
        count = offset
    }

    /// The offsets of a layer's slots.
    func offsets(ofLayer layer: Int) -> ArraySlice<Int> { offsets[layers[layer]] }

    /// Where a layer's slots end, in floats.
    func end(ofLayer layer: Int) -> Int {
        let next = layers[layer].upperBound
        return next < offsets.count ? offsets[next] : count
    }
}
