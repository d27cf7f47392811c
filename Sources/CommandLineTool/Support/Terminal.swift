internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What is printed where: results on standard output, everything else on standard error.
enum Terminal {
    /// Whether a person sees standard error as it is written.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether the line at the cursor is one of progress.
    private static let showsProgress = Atomic(false)

    /// Writes text to standard output at once. Who asked for it must learn that it did not arrive: if it cannot be written,
    /// the program ends.
    static func write(_ text: String) {
        if let failure = write(Array(text.utf8), to: STDOUT_FILENO) {
            note("Error: standard output cannot be written: \(String(cString: strerror(failure)))")
            exit(EXIT_FAILURE)
        }
    }

    /// Writes a line to standard error.
    static func note(_ text: String) {
        endProgress()
        write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    /// Shows a line of progress, in place of the last one; nothing unless a person is watching.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        showsProgress.store(true, ordering: .relaxed)
        write(Array((clearing + text).utf8), to: STDERR_FILENO)
    }

    /// Removes the line of progress; a line with anything else stays.
    static func endProgress() {
        if showsProgress.exchange(false, ordering: .relaxed) { write(Array(clearing.utf8), to: STDERR_FILENO) }
    }

    private static let clearing = "\r\u{1B}[K"

    /// - Returns: The system's number of what went wrong, if anything did.
    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { posixWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { return errno }
            rest = rest.dropFirst(max(count, 0))
        }
        return nil
    }
}

private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// "3 h 05 min", "4 min 10 s" or "12 s".
func describe(seconds: Double) -> String {
    let total = Int(max(0, seconds).rounded())
    func padded(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    if total >= 3600 { return "\(total / 3600) h \(padded(total % 3600 / 60)) min" }
    if total >= 60 { return "\(total / 60) min \(padded(total % 60)) s" }
    return "\(total) s"
}

/// A number with a fixed number of decimals.
func format(_ value: Double, decimals: Int = 2) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    let (whole, fraction) = Int(scaled).quotientAndRemainder(dividingBy: Int(scale))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if decimals == 0 { return "\(sign)\(whole)" }
    let digits = String(fraction)
    return "\(sign)\(whole).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
}

/// "1.5e-07": a small number in few characters.
func formatScientific(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var (mantissa, exponent) = (abs(value), 0)
    while mantissa >= 10 {
        mantissa /= 10
        exponent += 1
    }
    while mantissa < 1 {
        mantissa *= 10
        exponent -= 1
    }
    return "\(value < 0 ? "-" : "")\(format(mantissa, decimals: 1))e\(exponent)"
}

extension String {
    /// The text with blanks up to `width` characters.
    func padded(_ width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: Swift.max(0, width - count))
        return right ? blanks + self : self + blanks
    }
}
