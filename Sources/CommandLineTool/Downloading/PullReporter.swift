internal import Foundation
internal import Hub

/// Shows how a download goes: a line in place on a terminal, elsewhere a line now and then.
final class PullReporter: @unchecked Sendable {
    // Guarded by the lock: events come from whatever thread the bytes come on.
    private let lock = NSLock()
    private var file = ""
    private var rate = 0.0
    private var last = (seconds: 0.0, byteCount: 0)
    private var lastLine = monotonicSeconds()

    func show(_ event: HubEvent) {
        lock.lock()
        defer { lock.unlock() }
        switch event {
        case .checking(let file, let byteCount, let total):
            if isDue() {
                Terminal.progress("\(file.shortened(to: 28)): checking what is there, \(amount(byteCount, total))")
            }
        case .receiving(let file, let byteCount, let total): receive(file, byteCount, total)
        case .restarting(let file):
            last.byteCount = 0
            Terminal.note("\(file): the server begins anew")
        case .waiting(let reason, let seconds):
            Terminal.note("\(reason); trying again in \(describe(seconds: seconds.rounded(.up)))")
        }
    }

    private func receive(_ file: String, _ byteCount: Int, _ total: Int?) {
        let now = monotonicSeconds()
        if file != self.file {
            self.file = file
            (last, rate) = ((now, byteCount), 0)
            Terminal.note("\(file): \(amount(byteCount, total))")
        }
        let isDone = byteCount == total
        guard now - last.seconds >= 0.2 || isDone else { return }
        let current = Double(max(0, byteCount - last.byteCount)) / max(now - last.seconds, 1e-3)
        // Over some seconds, so that the time left does not jump.
        rate = rate == 0 ? current : 0.95 * rate + 0.05 * current
        last = (now, byteCount)
        // Longer lines would not stay in their place on a terminal of 80 columns.
        var text = "\(file.shortened(to: 28)): \(amount(byteCount, total)), \(describe(bytes: Int(rate)))/s"
        if let total, rate > 0, !isDone { text += ", \(describe(seconds: Double(total - byteCount) / rate)) left" }
        if Terminal.isInteractive {
            Terminal.progress(text)
        } else if now - lastLine >= 30 {
            Terminal.note(text)
            lastLine = now
        }
    }

    private func isDue() -> Bool {
        let now = monotonicSeconds()
        guard now - last.seconds >= 0.2 else { return false }
        last.seconds = now
        return true
    }

    private func amount(_ byteCount: Int, _ total: Int?) -> String {
        guard let total, total > 0 else { return describe(bytes: byteCount) }
        return
            "\(describe(bytes: byteCount)) of \(describe(bytes: total)) (\(Int(100 * Double(byteCount) / Double(total))) %)"
    }
}
