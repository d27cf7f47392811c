internal import Generation
internal import Tokenizers

/// Takes an answer apart as it comes: what the model thought, and what it says.
struct AnswerSplitter {
    private enum Part { case opening, thoughts, beforeAnswer, answer }

    private static let close = "</think>"
    private var part: Part
    private let thinks: Bool
    private var held = ""

    init(_ thinking: Thinking) {
        switch thinking {
        case .off:
            part = .beforeAnswer
            thinks = false
        case .fake:
            part = .opening
            thinks = false
        case .on, .short, .long:
            part = .opening
            thinks = true
        }
    }

    /// Takes the next piece; gives what it makes clear.
    mutating func append(_ piece: String) -> (thoughts: String, answer: String) {
        held += piece
        var thoughts = ""
        while true {
            switch part {
            case .opening:
                // The `>` that completes what the answer began with.
                let rest = held.drop { $0 == ">" || $0.isWhitespace }
                guard !rest.isEmpty else { return (thoughts, "") }
                held = String(rest)
                part = thinks ? .thoughts : .beforeAnswer
            case .thoughts:
                if let found = held.firstRange(of: Self.close) {
                    thoughts += held[..<found.lowerBound]
                    held = String(held[found.upperBound...])
                    part = .beforeAnswer
                } else {
                    let kept = Self.overlap(held, Self.close)
                    thoughts += held.dropLast(kept)
                    held = String(held.suffix(kept))
                    return (thoughts, "")
                }
            case .beforeAnswer:
                let rest = held.drop { $0.isWhitespace }
                guard !rest.isEmpty else { return (thoughts, "") }
                held = String(rest)
                part = .answer
            case .answer:
                defer { held = "" }
                return (thoughts, held)
            }
        }
    }

    /// Gives what was held back.
    mutating func finish() -> (thoughts: String, answer: String) {
        defer { held = "" }
        return part == .thoughts ? (held, "") : ("", "")
    }

    /// How many characters at the end of `text` are a beginning of `mark`.
    private static func overlap(_ text: String, _ mark: String) -> Int {
        for count in stride(from: min(text.count, mark.count - 1), to: 0, by: -1)
        where mark.hasPrefix(text.suffix(count)) {
            return count
        }
        return 0
    }
}
