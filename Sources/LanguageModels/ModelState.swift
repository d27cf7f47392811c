public import Tensors

/// Everything that a model remembers of a sequence: a value, of constant size unless the architecture keeps something of
/// every token, as attention does.
///
/// Copying is O(1) until one of the copies moves on, and then O(constant part): what was kept of tokens is shared. Saved, slot j
/// is the tensor `state.j`, numbered through all layers in the order of the official package: for RWKV-4, layer·5 + (0 the
/// time mix's last row, 1 num, 2 den, 3 the running maximum, 4 the channel mix's last row). A slot that grows is saved as
/// `[tokens, C]`.
public struct ModelState: Sendable {
    public let layout: StateLayout
    private var storage: Storage
    private var cache = StateCache()

    /// The state before the first token.
    init(_ layout: StateLayout) {
        self.layout = layout
        storage = Storage(byteCount: layout.count * 4)
        let floats = mutableFloats()
        for (slot, offset) in zip(layout.slots, layout.offsets) where slot.initialValue != 0 {
            (floats + offset).update(repeating: slot.initialValue, count: slot.shape.count)
        }
    }

    /// Stands in for a state that is lent to a call: a second owner of it would have it copied.
    static let lent = ModelState(StateLayout([]))

    /// The number of bytes that the slots hold.
    public var byteCount: Int {
        layout.slots.reduce(0) { $0 + $1.shape.count * 4 * ($1.growth == nil ? 1 : cache.start) }
    }

    /// The tokens of which the slots that grow hold something; 0 in a state of constant size.
    public var cachedTokenCount: Int { cache.start }

    /// The state as tensors to be saved.
    /// - Complexity: O(tokens) for slots that grow; the others are not copied.
    public func tensors() -> [StoredTensor] {
        zip(layout.slots, layout.offsets).enumerated().map { index, slot in
            let name = "state.\(index)"
            if let growth = slot.0.growth { return cache.tensor(name, width: slot.0.shape.count, growth, slot.1) }
            return StoredTensor(name: name, shape: slot.0.shape, type: .f32, storage: storage, offset: slot.1 * 4)
        }
    }

    /// Takes the slots from saved tensors.
    /// - Throws: `ModelError` if one is missing or has another shape; the state is then unchanged.
    mutating func load(_ tensors: [StoredTensor]) throws(ModelError) {
        let found = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let extra = "state.\(layout.slots.count)"
        guard found[extra] == nil else {
            throw .invalidSize(
                what: "number of the state's tensors", found: found.keys.count { $0.hasPrefix("state.") },
                needed: "\(layout.slots.count) for this model")
        }
        var loaded = ModelState(layout)
        let floats = loaded.mutableFloats()
        var tokenCount: Int?
        for (index, (slot, offset)) in zip(layout.slots, layout.offsets).enumerated() {
            let name = "state.\(index)"
            let tensor = found[name]
            guard let tensor, slot.matches(tensor.shape, tokenCount) else {
                let expected = slot.growth == nil ? slot.shape : [tokenCount ?? 1, slot.shape.count]
                throw .stateMismatch(slot: name, expected: expected, found: tensor?.shape)
            }
            guard tensor.type.holdsWeights else { throw .stateNotFloats(slot: name, found: tensor.type) }
            if let growth = slot.growth {
                let count = tensor.shape.extents[0]
                if tokenCount == nil { loaded.cache.extend(by: count, pageCount: layout.pageCount) }
                tokenCount = count
                loaded.cache.take(tensor, width: slot.shape.count, growth, offset)
            } else {
                tensor.copyFloats(to: UnsafeMutableBufferPointer(start: floats + offset, count: slot.shape.count))
            }
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

    /// Makes room for some more tokens in the slots that grow.
    /// - Returns: The slots' pages, and how many tokens they held before.
    mutating func extendCache(by count: Int) -> StateCache {
        let start = cache.start
        cache.extend(by: count, pageCount: layout.pageCount)
        return StateCache(start: start, pages: cache.pages)
    }
}

extension StateSlotDescription {
    /// Whether a saved tensor may be this slot.
    /// - Parameter tokenCount: The tokens that the state's other slots that grow hold, if that is known.
    fileprivate func matches(_ found: Shape, _ tokenCount: Int?) -> Bool {
        guard growth != nil else { return found.squeezed == shape.squeezed }
        let extents = found.extents
        return extents.count == 2 && extents[1] == shape.count && extents[0] == tokenCount ?? extents[0]
    }
}
