import Synchronization
import Tensors
import Testing

@Suite("A thread pool")
struct ThreadPoolTests {
    @Test("runs every chunk exactly once, region after region", arguments: [1, 2, 3, 8])
    func everyChunkOnce(threadCount: Int) {
        let pool = ThreadPool(threadCount: threadCount)
        for region in 0..<2_000 {
            let chunks = region % 17
            let counts = (0..<17).map { _ in Counter() }
            pool.run(chunks: chunks) { counts[$0].value.wrappingAdd(1, ordering: .relaxed) }
            let found = counts.map { $0.value.load(ordering: .relaxed) }
            #expect(found == (0..<17).map { $0 < chunks ? 1 : 0 })
        }
    }

    @Test("finishes a region although a worker sleeps between regions", arguments: [2, 4])
    func sleepers(threadCount: Int) async throws {
        let pool = ThreadPool(threadCount: threadCount)
        for _ in 0..<20 {
            let sum = Counter()
            pool.run(chunks: 100) { sum.value.wrappingAdd($0, ordering: .relaxed) }
            #expect(sum.value.load(ordering: .relaxed) == 4950)
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test("covers a count with ranges of the grain", arguments: [(0, 3), (1, 3), (9, 3), (10, 3), (100, 7)])
    func ranges(count: Int, grain: Int) {
        let pool = ThreadPool(threadCount: 2)
        let marks = (0..<count).map { _ in Counter() }
        pool.run(count, grain: grain) { range in
            #expect(range.count <= grain)
            for i in range { marks[i].value.wrappingAdd(1, ordering: .relaxed) }
        }
        #expect(marks.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}
