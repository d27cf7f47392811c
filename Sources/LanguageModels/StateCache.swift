internal import Tensors

/// What the slots of a state that grow hold, page by page: a page has the next 64 tokens of all of them.
struct StateCache: Sendable {
    /// The tokens that the pages hold.
    private(set) var start = 0
    private(set) var pages: [Storage] = []

    init() {}

    init(start: Int, pages: [Storage]) {
        self.start = start
        self.pages = pages
    }

    /// Makes room for `count` more tokens. A page that is not full is copied first if another state shares it.
    /// - Parameter pageCount: The floats of a page.
    mutating func extend(by count: Int, pageCount: Int) {
        let length = PagedSlot.pageLength
        let last = pages.count - 1
        if start % length != 0, !isKnownUniquelyReferenced(&pages[last]) {
            let copy = Storage(byteCount: pageCount * 4)
            copy.mutableBytes?.copyMemory(from: pages[last].bytes)
            pages[last] = copy
        }
        start += count
        while pages.count * length < start { pages.append(Storage(byteCount: pageCount * 4)) }
    }

    /// A slot's rows `[tokens, width]` as a tensor to be saved.
    func tensor(
        _ name: String, width: Int, _ growth: StateSlotDescription.Growth, _ offset: Int
    ) -> StoredTensor {
        let rows = Storage(byteCount: start * width * 4)
        if let target = rows.mutableBytes?.bindMemory(to: Float.self) {
            for token in 0..<start {
                each(token, width: width, growth, offset) { c, element in target[token * width + c] = element.pointee }
            }
        }
        return StoredTensor(name: name, shape: [start, width], type: .f32, storage: rows)
    }

    /// Takes a slot's rows from a saved tensor of as many tokens as there is room for.
    func take(_ tensor: StoredTensor, width: Int, _ growth: StateSlotDescription.Growth, _ offset: Int) {
        var rows = [Float](repeating: 0, count: start * width)
        rows.withUnsafeMutableBufferPointer { tensor.copyFloats(to: $0) }
        for token in 0..<start {
            each(token, width: width, growth, offset) { c, element in element.pointee = rows[token * width + c] }
        }
    }

    private func each(
        _ token: Int, width: Int, _ growth: StateSlotDescription.Growth, _ offset: Int,
        _ body: (_ channel: Int, _ element: UnsafeMutablePointer<Float>) -> Void
    ) {
        let length = PagedSlot.pageLength
        let (page, place) = token.quotientAndRemainder(dividingBy: length)
        guard let base = pages[page].mutableBytes?.baseAddress else { preconditionFailure("a page owns its memory") }
        let slot = base.assumingMemoryBound(to: Float.self) + offset
        for c in 0..<width { body(c, slot + (growth == .rows ? place * width + c : c * length + place)) }
    }
}
