import Foundation
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

    @Test("has its caller work alone for a while when a worker is held up, and then shares again")
    func lateWorker() {
        let pool = ThreadPool(threadCount: 2)
        let caller = pthread_self()
        // A worker that loses its processor in mid-chunk looks like one that sleeps.
        func region(_ seconds: Double) -> Bool {
            let helped = Counter()
            pool.run(chunks: 40) { _ in
                if pthread_equal(pthread_self(), caller) == 0 {
                    helped.value.store(1, ordering: .relaxed)
                    usleep(UInt32(seconds * 1e6))
                } else {
                    usleep(100)
                }
            }
            return helped.value.load(ordering: .relaxed) == 1
        }
        var wasShared = false
        for _ in 0..<50 where !wasShared { wasShared = region(0.03) }
        #expect(wasShared)
        #expect(!region(0))
        usleep(30_000)
        var isSharedAgain = false
        for _ in 0..<50 where !isSharedAgain { isSharedAgain = region(0.0001) }
        #expect(isSharedAgain)
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}
