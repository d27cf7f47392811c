import Tensors
import Testing

@Suite("How many threads work")
struct ThreadAllowanceTests {
    /// A region of `chunks` chunks of 100 µs on the caller, for whose last worker it waits `wait` seconds longer.
    private func region(_ allowance: inout ThreadAllowance, at time: Double, wait: Double) {
        allowance.beginRegion(at: time) { nil }
        allowance.beginWaiting(chunks: 10, at: time + 0.001)
        #expect(allowance.isWaiting)
        allowance.endRegion(at: time + 0.001 + wait)
        #expect(!allowance.isWaiting)
    }

    @Test("is one less after waits for a worker without a processor, and as before after a pause")
    func lateWorker() {
        var allowance = ThreadAllowance(threadCount: 4)
        for step in 0..<100 { region(&allowance, at: 1 + 0.002 * Double(step), wait: 0.000_7) }
        #expect(allowance.current == 4, "waits of some chunks are usual")
        for step in 0..<100 { region(&allowance, at: 2 + 0.05 * Double(step), wait: 0.003) }
        #expect(allowance.current == 4, "now and then it costs less than a thread would")
        for step in 0..<3 { region(&allowance, at: 10 + 0.005 * Double(step), wait: 0.003) }
        #expect(allowance.current == 4)
        var time = 10.015
        while allowance.current == 4, time < 11 {
            region(&allowance, at: time, wait: 0.003)
            time += 0.005
        }
        #expect(time < 10.1, "half of the time is lost")
        allowance.beginRegion(at: time + 0.01) { nil }
        #expect(allowance.current == 3)
        allowance.beginRegion(at: time + 0.03) { nil }
        #expect(allowance.current == 4)
    }

    @Test("says nothing about workers where the caller has run no chunk itself")
    func noMeasure() {
        var allowance = ThreadAllowance(threadCount: 2)
        allowance.beginRegion(at: 1) { nil }
        allowance.beginWaiting(chunks: 0, at: 1.001)
        allowance.endRegion(at: 1.1)
        #expect(allowance.current == 2)
    }

    @Test("stays less for longer the more often it had to, never less than one, and in the end forgets it")
    func repeatedly() {
        var allowance = ThreadAllowance(threadCount: 3)
        var time = 1.0
        var pauses: [Double] = []
        for _ in 0..<8 {
            region(&allowance, at: time, wait: 0.01)
            let reduced = (time, allowance.current)
            #expect(reduced.1 >= 1)
            while allowance.current == reduced.1 {
                time += 0.001
                allowance.beginRegion(at: time) { nil }
            }
            pauses.append(time - reduced.0)
        }
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $1 > $0 - 0.002 })
        #expect(pauses[0] < 0.05 && pauses[1] > 2 * pauses[0])
        #expect(pauses[7] > 0.9 && pauses[7] < 1.1, "a second at most")
        allowance.beginRegion(at: time + 10) { nil }
        #expect(allowance.current == 3)
        region(&allowance, at: time + 11, wait: 0.01)
        allowance.beginRegion(at: time + 11.05) { nil }
        #expect(allowance.current == 3, "the pauses are short again")
    }

    /// 200 regions in 100 ms, in which the caller has its processor for `share` of the time and loses it `preemptions` times.
    private func allowed(share: Double, preemptions: Int, threadCount: Int = 2) -> [Int] {
        var allowance = ThreadAllowance(threadCount: threadCount)
        return (0..<200).map { step in
            let part = Double(step) / 200
            allowance.beginRegion(at: 5 + 0.1 * part) {
                .init(seconds: 0.1 * part * share, preemptions: Int(Double(preemptions) * part))
            }
            return allowance.current
        }
    }

    @Test("is one less when the caller is taken off its processor again and again")
    func rivals() {
        #expect(allowed(share: 0.5, preemptions: 14).contains(1))
        #expect(allowed(share: 0.5, preemptions: 14).first == 2)
        #expect(Set(allowed(share: 0.5, preemptions: 14, threadCount: 8)).isSuperset(of: [8, 7]))
    }

    @Test("is unchanged for a caller that waits for something, or loses its processor for a moment")
    func noRivals() {
        #expect(Set(allowed(share: 0.3, preemptions: 2)) == [2])
        #expect(Set(allowed(share: 0.97, preemptions: 14)) == [2])
        #expect(Set(allowed(share: 1, preemptions: 0)) == [2])
    }
}
