public import Tensors

/// Everything that a model remembers of a sequence: a value of constant size, whatever the sequence's length.
///
/// Copying is O(1) until one of the copies moves on. Saved, slot j is the tensor `state.j`, numbered through all layers
/// in the order of the official package: for RWKV-4, layer·5 + (0 the time mix's last row, 1 num, 2 den, 3 the running
/// maximum, 4 the channel mix's last row).
public struct ModelState: Sendable {
    public let layout: StateLayout
    private var storage: Storage

    /// The state before the first token.
    init(_ layout: StateLayout) {
        self.layout = layout
        storage = Storage(byteCount: layout.count * 4)
        let floats = mutableFloats()
        for (slot, offset) in zip(layout.slots, layout.offsets) where slot.initialValue != 0 {
            (floats + offset).update(repeating: slot.initialValue, count: slot.shape.count)
        }
    }

    /// The number of bytes that the slots hold.
    public var byteCount: Int { layout.slots.reduce(0) { $0 + $1.shape.count * 4 } }

    /// The state as tensors to be saved.
    public func tensors() -> [StoredTensor] {
        zip(layout.slots, layout.offsets).enumerated().map { index, slot in
            StoredTensor(
                name: "state.\(index)", shape: slot.0.shape, type: .f32, storage: storage, offset: slot.1 * 4)
        }
    }

    /// Takes the slots from saved tensors.
    /// - Throws: `ModelError` if one is missing or has another shape; the state is then unchanged.
    mutating func load(_ tensors: [StoredTensor]) throws(ModelError) {
        let found = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var loaded = ModelState(layout)
        let floats = loaded.mutableFloats()
        for (index, (slot, offset)) in zip(layout.slots, layout.offsets).enumerated() {
            let name = "state.\(index)"
            guard let tensor = found[name], tensor.shape.squeezed == slot.shape.squeezed else {
                throw .stateMismatch(slot: name, expected: slot.shape, found: found[name]?.shape)
            }
            guard tensor.type.holdsWeights else { throw .stateNotFloats(slot: name, found: tensor.type) }
            tensor.copyFloats(to: UnsafeMutableBufferPointer(start: floats + offset, count: slot.shape.count))
        }
        self = loaded
    }

    /// The floats for writing; copies them first if another value shares them.
    mutating func mutableFloats() -> UnsafeMutablePointer<Float> {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(byteCount: layout.count * 4)
            copy.mutableBytes?.copyMemory(from: storage.bytes)
            storage = copy
        }
        guard let base = storage.mutableBytes?.baseAddress else { preconditionFailure("a state owns its memory") }
        return base.assumingMemoryBound(to: Float.self)
    }
}
