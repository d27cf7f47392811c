/// Says how far long work is, how fast it goes and how long it will take: a line that is replaced on a terminal, a line a
/// minute elsewhere.
final class ProgressMeter {
    private let label: String
    private let unit: String
    private let total: Int
    private let began = monotonicSeconds()
    private var lastShown = -Double.infinity
    private var lastNote = monotonicSeconds()

    /// - Parameters:
    ///   - label: What is being done.
    ///   - unit: What is counted.
    init(_ label: String, total: Int, unit: String) {
        self.label = label
        self.total = total
        self.unit = unit
    }

    func show(_ done: Int) {
        let now = monotonicSeconds()
        let isDue = !Terminal.isInteractive && now - lastNote > 60
        guard isDue || now - lastShown > 0.1 else { return }
        lastShown = now
        let rate = Double(done) / max(1e-9, now - began)
        let left = Double(total - done) / max(rate, 1e-9)
        let line =
            "\(label): \(format(100 * Double(done) / Double(max(1, total)), decimals: 1)) %  \(done) of \(total) \(unit)  "
            + "\(format(rate, decimals: rate < 10 ? 1 : 0)) \(unit)/s  \(describe(seconds: left)) left"
        Terminal.progress(line)
        if isDue {
            lastNote = now
            Terminal.note(line)
        }
    }
}
