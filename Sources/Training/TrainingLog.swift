public import Checkpoints

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// One line of a training log.
public struct TrainingLogEntry: Codable, Sendable, Equatable {
    public var step: Int
    /// The tokens learnt from so far.
    public var tokens: Int
    /// The mean loss of the step's batch, in nats per token.
    public var loss: Double
    public var learningRate: Double
    public var gradientNorm: Double
    public var tokensPerSecond: Double
    /// Present after steps that were followed by a validation.
    public var validationLoss: Double?
    public var validationBitsPerByte: Double?
    /// Why the step was left out, if it was; `loss` and `gradient_norm` may then be "NaN".
    public var skipped: String?

    enum CodingKeys: String, CodingKey {
        case step, tokens, loss, skipped
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case tokensPerSecond = "tokens_per_second"
        case validationLoss = "validation_loss"
        case validationBitsPerByte = "validation_bits_per_byte"
    }

    public init(_ step: TrainingStep, tokens: Int, tokensPerSecond: Double, validation: ValidationLoss? = nil) {
        self.step = step.step
        self.tokens = tokens
        loss = step.loss
        learningRate = step.learningRate
        gradientNorm = step.gradientNorm
        self.tokensPerSecond = tokensPerSecond
        validationLoss = validation?.natsPerToken
        validationBitsPerByte = validation?.bitsPerByte
        skipped = step.skipped
    }
}

/// A training log: a JSON object per line and step, appended as the run goes.
public final class TrainingLog {
    /// The entries so far.
    public private(set) var entries: [TrainingLogEntry] = []
    private let path: String
    private let descriptor: Int32

    /// Opens the log at `path` to go on after step `stepsDone`: lines of later steps, which a run that was killed wrote
    /// after its last checkpoint, are dropped, as is a line that was cut off.
    /// - Throws: `CheckpointError` if the file cannot be written, or is there and holds something else.
    public init(path: String, stepsDone: Int) throws(CheckpointError) {
        self.path = path
        // A name that was mistyped must not cost the data.
        if Self.isSomethingElse(path) {
            throw .cannotWrite(path: path, reason: "it is there and is no training log; name another file or remove it")
        }
        let kept = stepsDone == 0 ? [] : Self.read(path).filter { $0.step <= stepsDone }
        let file = try AtomicFile(path: path)
        for entry in kept {
            let line = Self.line(entry)
            try file.write(line)
        }
        try file.commit()
        entries = kept
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Appends an entry.
    /// - Throws: `CheckpointError` if it cannot be written.
    public func append(_ entry: TrainingLogEntry) throws(CheckpointError) {
        entries.append(entry)
        let line = Self.line(entry)
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count else {
            if errno == ENOSPC { throw .diskFull(path: path) }
            throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// The entries of a log file; lines that are no entries are passed over.
    public static func read(_ path: String) -> [TrainingLogEntry] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return data.split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(TrainingLogEntry.self, from: Data($0))
        }
    }

    /// Whether there is a file with something in it, but no entry; of a log that was cut off, a part of one may be all.
    private static func isSomethingElse(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let data = FileManager.default.contents(atPath: path), !data.isEmpty
        else { return false }
        let mayBeCutOff = data.first == UInt8(ascii: "{") && !data.contains(UInt8(ascii: "\n"))
        return !mayBeCutOff && read(path).isEmpty
    }

    private static func line(_ entry: TrainingLogEntry) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // JSON has no word for the loss of a step that was skipped because it was no number.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        guard let data = try? encoder.encode(entry) else { return [] }
        return Array(data) + [UInt8(ascii: "\n")]
    }
}
