import Generation
import LanguageModels
import TestSupport
import Testing

@Suite("States kept for prompts that begin alike")
struct PrefixCacheTests {
    private let state: ModelState

    init() throws { state = try randomByteModel(layers: 1).initialState() }

    private func snapshot(_ tokens: [Int32], logits: [Float]? = nil) -> StateSnapshot {
        StateSnapshot(tokens: tokens, state: state, logits: logits)
    }

    @Test("the longest beginning is found, in its own space")
    func longest() {
        let cache = PrefixCache(byteLimit: 1 << 20)
        for tokens: [Int32] in [[1], [1, 2, 3], [1, 2, 4]] { cache.insert(snapshot(tokens), in: "a") }
        #expect(cache.longestPrefix(of: [1, 2, 3, 4], in: "a")?.tokens == [1, 2, 3])
        #expect(cache.longestPrefix(of: [1, 2, 5], in: "a")?.tokens == [1])
        #expect(cache.longestPrefix(of: [2], in: "a") == nil)
        #expect(cache.longestPrefix(of: [1, 2, 3, 4], in: "b") == nil)
        #expect(cache.counts.hits == 2)
        #expect(cache.counts.misses == 2)
        #expect(cache.counts.tokensSaved == 4)
    }

    @Test("a state after the whole prompt needs its logits")
    func whole() {
        let cache = PrefixCache(byteLimit: 1 << 20)
        cache.insert(snapshot([1]), in: "a")
        cache.insert(snapshot([1, 2]), in: "a")
        #expect(cache.longestPrefix(of: [1, 2], in: "a")?.tokens == [1])
        cache.insert(snapshot([1, 2], logits: [0.5]), in: "a")
        #expect(cache.longestPrefix(of: [1, 2], in: "a")?.logits == [0.5])
        #expect(cache.counts.entries == 2)
    }

    @Test("what was not used for longest goes first, and the limit holds")
    func limit() {
        let size = snapshot([1]).byteCount
        let cache = PrefixCache(byteLimit: 3 * size + 2)
        for token: Int32 in 1...3 { cache.insert(snapshot([token]), in: "a") }
        _ = cache.longestPrefix(of: [1, 9], in: "a")
        cache.insert(snapshot([4]), in: "a")
        #expect(cache.longestPrefix(of: [2, 9], in: "a") == nil)
        for token: Int32 in [1, 3, 4] { #expect(cache.longestPrefix(of: [token, 9], in: "a") != nil) }
        #expect(cache.counts.entries == 3)
        #expect(cache.counts.bytes == 3 * size)
        cache.removeAll(in: "a")
        #expect(cache.counts.entries == 0)
        #expect(cache.counts.bytes == 0)
    }

    @Test("what is larger than all there may be is not kept")
    func tooLarge() {
        let cache = PrefixCache(byteLimit: 10)
        cache.insert(snapshot([1]), in: "a")
        #expect(cache.counts.entries == 0)
    }
}
