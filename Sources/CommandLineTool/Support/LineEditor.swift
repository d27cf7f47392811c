#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Lines that a person types: with editing and a history if the machine has libedit, else as the terminal gives them.
///
/// libedit is called by name and not linked, so that the program needs nothing to be installed. If standard input is not a
/// terminal, its lines are read as they are.
final class LineEditor {
    private typealias ReadLine = @convention(c) (UnsafePointer<CChar>) -> UnsafeMutablePointer<CChar>?
    private typealias WithText = @convention(c) (UnsafePointer<CChar>) -> Int32
    private typealias WithCount = @convention(c) (Int32) -> Void

    /// Whether a person types.
    let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    private let historyPath: String?
    private var editor: ReadLine?
    private var addHistory: WithText?
    private var writeHistory: WithText?

    /// - Parameter historyPath: Where lines are remembered from one time to the next; nowhere if `nil`.
    init(historyPath: String?) {
        self.historyPath = historyPath
        guard isInteractive else { return }
        let names = ["libedit.so.2", "libedit.so", "libedit.so.0", "libedit.dylib"]
        guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first else { return }
        // Without it libedit takes every byte of a character for one of its own.
        if setlocale(LC_CTYPE, "") == nil || isByteLocale { setlocale(LC_CTYPE, "C.UTF-8") }
        func function<F>(_ name: String, as type: F.Type) -> F? {
            dlsym(library, name).map { unsafeBitCast($0, to: type) }
        }
        editor = function("readline", as: ReadLine.self)
        addHistory = function("add_history", as: WithText.self)
        writeHistory = function("write_history", as: WithText.self)
        function("stifle_history", as: WithCount.self)?(1000)
        if let historyPath { _ = function("read_history", as: WithText.self)?(historyPath) }
    }

    private var isByteLocale: Bool {
        setlocale(LC_CTYPE, nil).map { ["C", "POSIX"].contains(String(cString: $0)) } ?? true
    }

    /// Whether lines can be edited and found again.
    var canEdit: Bool { editor != nil }

    /// The next line; `nil` when there are no more.
    func read(prompt: String) -> String? {
        guard let editor else {
            if isInteractive { Terminal.write(prompt) }
            return readLine()
        }
        guard let line = editor(prompt) else { return nil }
        defer { free(line) }
        let text = String(cString: line)
        if !text.allSatisfy(\.isWhitespace) {
            _ = addHistory?(text)
            if let historyPath { _ = writeHistory?(historyPath) }
        }
        return text
    }
}
