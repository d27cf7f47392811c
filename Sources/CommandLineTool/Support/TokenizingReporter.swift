internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Shows how far the tokenizing of files is, how fast it goes and how long it will take.
final class TokenizingReporter {
    private let interrupt = Interrupt()
    private var began = 0.0
    private var current: String?
    private var lastLine = monotonicSeconds()
    private var reused: [String] = []

    /// - Throws: `ExitCode` when the user has asked to stop.
    func report(_ event: TokenCache.Event) throws {
        switch event {
        case .reused(let path): reused.append(path)
        case .rebuilding(let path, let reason): Terminal.note("\(path) is tokenized again: \(reason)")
        case .tokenizing(let progress): try show(progress)
        case .tokenized(let path, let tokenCount):
            Terminal.note("\(path): \(tokenCount) tokens, kept for the next time")
            current = nil
        }
    }

    func show(_ progress: TokenizingProgress) throws {
        if interrupt.isRequested {
            Terminal.endProgress()
            throw ExitCode(130)
        }
        let now = monotonicSeconds()
        if current != progress.path { (current, began) = (progress.path, now) }
        let rate = Double(progress.byteCount) / max(1e-9, now - began)
        let share = 100 * Double(progress.byteCount) / Double(max(1, progress.total))
        var line = "tokenizing \(progress.path): \(format(share, decimals: 1)) %  \(progress.tokenCount) tokens"
        // Right after the beginning the rate is unknown.
        if now - began > 0.2 {
            let left = Double(progress.total - progress.byteCount) / rate
            line += "  \(format(rate / 1e6, decimals: 1)) MB/s  \(describe(seconds: left)) left"
        }
        Terminal.progress(line)
        if !Terminal.isInteractive, now - lastLine > 60 {
            lastLine = now
            Terminal.note(line)
        }
    }

    /// Removes the line of progress, and says which files had been tokenized before.
    func end() {
        Terminal.endProgress()
        if let first = reused.first {
            Terminal.note("the tokens of \(reused.count == 1 ? first : "\(reused.count) files") were kept from before")
        }
        reused = []
    }
}
