internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// How wide texts may be and whether they have colours: plain and endless unless a terminal shows them.
struct Style {
    /// The columns of the terminal; `nil` if there is none.
    var width: Int?
    var hasColors = false

    static let plain = Style()

    /// For standard output. `NO_COLOR` is heeded (https://no-color.org).
    static var ofStandardOutput: Style {
        guard isatty(STDOUT_FILENO) == 1 else { return plain }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let isDumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
        let wantsNone = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return Style(width: isKnown ? Int(size.ws_col) : nil, hasColors: !isDumb && !wantsNone)
    }

    func bold(_ text: String) -> String { hasColors ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func red(_ text: String) -> String { hasColors ? "\u{1B}[31m\(text)\u{1B}[0m" : text }

    /// The text, cut off where the terminal ends.
    func fit(_ text: String) -> String {
        guard let width, text.count > width else { return text }
        return text.prefix(max(0, width - 1)) + "…"
    }
}
