internal import Foundation
internal import RWKV

/// How far the reading of some files has come: what a state file says of itself, so that reading can go on from it.
struct ReadingProgress: Codable, Equatable {
    /// The files and their sizes in bytes.
    let files: [String]
    let sizes: [Int]
    /// The architecture and sizes of the model.
    let model: ModelConfiguration
    /// Which file is read, and from which byte.
    var file = 0
    var offset = 0
    /// A token that belongs to the text before and that the state has not seen yet: its logits predict the next one.
    var pending: TokenID?
    var tokens = 0
    /// −log probability of what was read, and of how many tokens and bytes.
    var nats = 0.0
    var predicted = 0
    var bytes = 0
    var isFinished = false

    private static let key = "rwkv.reading"

    /// What a state file says; `nil` if it was not written by a reading.
    init?(metadata: [String: String]) {
        guard let text = metadata[Self.key],
            let found = try? JSONDecoder().decode(ReadingProgress.self, from: Data(text.utf8)),
            found.isPossible
        else { return nil }
        self = found
    }

    /// Whether the numbers can be those of a reading: the file may be anybody's.
    private var isPossible: Bool {
        let counts = 0...(1 << 60)
        guard files.count == sizes.count, (0...files.count).contains(file) else { return false }
        guard counts.contains(tokens), counts.contains(predicted), counts.contains(bytes) else { return false }
        return sizes.allSatisfy(counts.contains) && (0...(file < sizes.count ? sizes[file] : 0)).contains(offset)
    }

    init(files: [String], sizes: [Int], model: ModelConfiguration) {
        self.files = files
        self.sizes = sizes
        self.model = model
    }

    /// As metadata of a state file.
    func metadata() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [Self.key: String(decoding: try encoder.encode(self), as: UTF8.self)]
    }

    /// Whether the other reading is of the same files by the same model.
    func isSameWork(as other: ReadingProgress) -> Bool {
        files == other.files && sizes == other.sizes && model == other.model
    }

    var natsPerToken: Double { nats / Double(max(1, predicted)) }
    var bitsPerByte: Double { nats / 0.693_147_180_559_945_3 / Double(max(1, bytes)) }
}

/// Reads files piece by piece in memory that does not grow, saving the state now and then.
struct Reading {
    let model: LanguageModel
    let tokenizer: any Tokenizer
    let statePath: String
    let chunk: Int
    let withPerplexity: Bool
    let secondsBetweenSaves: Double

    /// Reads on from `progress`; returns how far it came, which is to the end unless the user stopped it.
    func run(
        from start: ReadingProgress, _ first: ModelState, _ storages: [Storage], on workspace: Workspace,
        until interrupt: Interrupt
    ) throws -> ReadingProgress {
        var (progress, state) = (start, first)
        var lastSave = monotonicSeconds()
        let meter = ReadingMeter(start)
        while progress.file < storages.count {
            let pieces = TextPieces(storages[progress.file].bytes)
            let range = pieces.piece(from: progress.offset)
            if range.isEmpty {
                progress.file += 1
                progress.offset = 0
                continue
            }
            var next = progress
            var moved = state
            let text = Array(storages[progress.file].bytes[range])
            let mark = progress.offset == 0 ? tokenizer.endOfText.map { [$0] } ?? [] : []
            let tokens = (progress.pending.map { [$0] } ?? []) + mark + tokenizer.encode(bytes: text)
            guard try read(tokens, &moved, &next, on: workspace, until: interrupt) else {
                // What was read of this piece is read again when reading goes on.
                try save(progress, state)
                return progress
            }
            next.pending = tokens.last
            next.offset = range.upperBound
            next.bytes += range.count
            (progress, state) = (next, moved)
            meter.show(progress)
            if monotonicSeconds() - lastSave > secondsBetweenSaves {
                try save(progress, state)
                lastSave = monotonicSeconds()
            }
        }
        if let pending = progress.pending {
            _ = try model([pending], state: &state, wanted: .none, on: Tape(on: workspace))
            progress.pending = nil
            progress.tokens += 1
        }
        progress.isFinished = true
        try save(progress, state)
        return progress
    }

    /// Moves the state past all but the last token, whose turn comes with the next piece; `false` if the user stopped it.
    private func read(
        _ tokens: [TokenID], _ state: inout ModelState, _ progress: inout ReadingProgress, on workspace: Workspace,
        until interrupt: Interrupt
    ) throws -> Bool {
        let vocabularySize = model.configuration.vocabularySize
        if let token = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw InputError(
                description:
                    "the tokenizer made token \(token); the model has \(vocabularySize): they do not belong together")
        }
        let tape = Tape(on: workspace)
        for start in stride(from: 0, to: tokens.count - 1, by: chunk) {
            if interrupt.isRequested { return false }
            let end = min(tokens.count - 1, start + chunk)
            let logits = try model(
                Array(tokens[start..<end]), state: &state, wanted: withPerplexity ? .all : .none, on: tape)
            if withPerplexity {
                for loss in tape.crossEntropies(logits, Array(tokens[start + 1...end])) {
                    progress.nats += Double(loss)
                }
                progress.predicted += end - start
            }
            progress.tokens += end - start
        }
        return true
    }

    private func save(_ progress: ReadingProgress, _ state: ModelState) throws {
        try SafetensorsFile.write(state.tensors(), metadata: progress.metadata(), to: statePath)
    }
}

/// Says how far a reading is, how fast it goes and how long it will take.
private final class ReadingMeter {
    private let began = monotonicSeconds()
    private let first: ReadingProgress
    private let total: Int
    private var lastLine = monotonicSeconds()

    init(_ start: ReadingProgress) {
        first = start
        total = start.sizes.reduce(0, +)
    }

    func show(_ progress: ReadingProgress) {
        let seconds = max(1e-9, monotonicSeconds() - began)
        let rate = Double(progress.tokens - first.tokens) / seconds
        let left = Double(total - progress.bytes) / (Double(progress.bytes - first.bytes) / seconds)
        let share = 100 * Double(progress.bytes) / Double(max(1, total))
        let quality =
            progress.predicted > 0 ? "  perplexity \(format(exp(progress.natsPerToken), decimals: 2))" : ""
        let line =
            "\(format(share, decimals: 1)) %  \(progress.tokens) tokens  \(format(rate, decimals: 0)) tokens/s"
            + "  \(format(left, decimals: 0)) s left\(quality)"
        Terminal.progress(line)
        if !Terminal.isInteractive, monotonicSeconds() - lastLine > 60 {
            lastLine = monotonicSeconds()
            Terminal.note(line)
        }
    }
}
