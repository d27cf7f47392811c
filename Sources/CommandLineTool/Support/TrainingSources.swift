internal import Foundation
internal import RWKV

/// The files that a run learns from, and the copy of its tokenizer in its folder, so that it can be resumed.
struct TrainingSources {
    /// What a checkpoint says of the files.
    private struct Plan: Codable {
        var files: [DataFile]
        var valid: DataFile?
        var holdOut: HoldOut?
        var cache: String?
    }

    private let plan: Plan
    private let folder: RunFolder
    /// Of the data that the run began with.
    private let fingerprint: String?

    private static let planKey = "data_plan"
    private static let fingerprintKey = "data_fingerprint"

    init(_ options: DataOptions, folder: RunFolder) throws {
        plan = Plan(
            files: try options.files().map(\.absolute), valid: try options.validationFile()?.absolute,
            holdOut: options.holdOut, cache: options.cache.cache.map { URL(fileURLWithPath: $0).path })
        self.folder = folder
        fingerprint = nil
    }

    /// The files that a checkpoint names.
    init(notes: [String: String], folder: RunFolder) throws {
        if let json = notes[Self.planKey] {
            do {
                plan = try JSONDecoder().decode(Plan.self, from: Data(json.utf8))
            } catch {
                throw TrainingError.unreadableCheckpoint(
                    path: folder.checkpoint, reason: "it does not say which data were learnt from")
            }
        } else {
            // Of a run that knew of texts only.
            let files = (notes["data"] ?? "").split(separator: "\n").map { DataFile(path: String($0), format: .text) }
            plan = Plan(files: files, valid: notes["valid"].map { DataFile(path: $0, format: .text) })
        }
        fingerprint = notes[Self.fingerprintKey]
        self.folder = folder
    }

    /// What a checkpoint must name to find the files again.
    func notes(for data: TrainingSet) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var notes = ["data": plan.files.map(\.path).joined(separator: "\n")]
        notes["valid"] = plan.valid?.path
        notes[Self.planKey] = String(decoding: try encoder.encode(plan), as: UTF8.self)
        notes[Self.fingerprintKey] = String(data.fingerprint, radix: 16)
        return notes
    }

    /// Copies the tokenizer's vocabulary to the folder; bytes have none.
    func keep(_ tokenizer: any Tokenizer, from path: String?) throws {
        guard let path else { return }
        let source = try MappedFile(path: path).storage
        try withExtendedLifetime(source) {
            try write(source.bytes, to: tokenizer is BytePairTokenizer ? Self.names[0] : Self.names[1])
        }
    }

    /// Writes the tokenizer of the model inside the program to the folder.
    func keepBuiltInTokenizer() throws {
        try BuiltInModel.tokenizerJSON.withUnsafeBytes { try write($0, to: Self.names[0]) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
        try AtomicFile.replace(folder.file(name), with: bytes)
    }

    /// The tokenizer in the folder, or bytes.
    func keptTokenizer() throws -> any Tokenizer {
        for name in Self.names where FileManager.default.fileExists(atPath: folder.file(name)) {
            return try loadTokenizer(at: folder.file(name))
        }
        return ByteTokenizer()
    }

    private static let names = ["tokenizer.json", "vocabulary.txt"]

    /// What to learn from and what to measure on.
    /// - Throws: `InputError` if the run to be resumed began with other data.
    func load(_ tokenizer: any Tokenizer) throws -> (data: TrainingSet, validation: ValidationSet?) {
        let reporter = TokenizingReporter()
        defer { reporter.end() }
        let cache = try TokenCache(folder: plan.cache ?? usableCacheFolder())
        var files = try plan.files.map { file in
            (file: file, store: try file.tokens(tokenizer, cache, reporter.report).store)
        }
        var held = HeldOutText(tokenizer)
        if let holdOut = plan.holdOut {
            let split = try holdOut.split(files.map(\.store), inParts: files.map { $0.file.format == .text })
            for (index, part) in split.enumerated() {
                files[index].store = part.learnt
                held.append(part.heldOut, cut: files[index].file.cut, byteCount: nil)
            }
        }
        if let valid = plan.valid {
            let (store, byteCount) = try valid.tokens(tokenizer, cache, reporter.report)
            held.append(store, cut: valid.cut, byteCount: byteCount)
        }
        let data = TrainingSet(files: files)
        if let fingerprint, fingerprint != String(data.fingerprint, radix: 16) {
            throw InputError(
                description: """
                    the data are not those that this run began with (\(plan.files.map(\.path).joined(separator: ", "))), so \
                    it cannot go on bit for bit; to learn from other data, begin a run with --from
                    """)
        }
        return (data, held.set)
    }

    /// The user's cache, or a folder of the run if there is none that can be written.
    private func usableCacheFolder() throws -> String {
        if let shared = TokenCache.folder(environment: ProcessInfo.processInfo.environment) {
            try? FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
            if FileManager.default.isWritableFile(atPath: shared) { return shared }
        }
        return folder.file("tokens")
    }
}

/// Collects what a model is measured on.
private struct HeldOutText {
    private let tokenizer: any Tokenizer
    private var row: [TokenID] = []
    private var passages: [TrainingSequence] = []
    private var byteCount = 0

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    /// - Parameters:
    ///   - cut: Conversations are each read alone; anything else is read in a row.
    ///   - byteCount: The bytes of text, if they are known.
    mutating func append(_ store: TokenStore, cut: TrainingSet.Cut, byteCount known: Int?) {
        switch cut {
        case .windows:
            let tokens = store.tokens(0..<store.count)
            row += tokens
            byteCount += known ?? bytes(tokens, nil)
        case .documents:
            for range in (0..<store.documentCount).map(store.document) where store.hasCounted(range) {
                let (tokens, counted) = (store.tokens(range), store.counted(range))
                passages.append(TrainingSequence(tokens: [0] + tokens, counted: counted))
                byteCount += bytes(tokens, counted)
            }
        }
    }

    /// The bytes of the tokens that count; the marks between documents have none.
    private func bytes(_ tokens: [TokenID], _ counted: [Bool]?) -> Int {
        tokens.indices.reduce(0) { sum, i in
            guard counted?[i] ?? true, tokens[i] != 0 else { return sum }
            return sum + (tokenizer.bytes(of: tokens[i])?.count ?? 0)
        }
    }

    /// `nil` if there is nothing.
    var set: ValidationSet? {
        let all = (row.isEmpty ? [] : [TrainingSequence(tokens: [0] + row)]) + passages
        return all.isEmpty ? nil : ValidationSet(all, byteCount: byteCount)
    }
}

extension DataFile {
    /// With an absolute path, so that a run can be resumed from anywhere.
    fileprivate var absolute: DataFile {
        DataFile(path: URL(fileURLWithPath: path).path, format: format, weight: weight)
    }
}
