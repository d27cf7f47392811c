internal import Foundation
internal import RWKV

/// The files that a run learns from, and the copy of its tokenizer in its folder, so that it can be resumed.
struct TrainingSources {
    private let data: [String]
    private let valid: String?
    private let folder: RunFolder

    init(data: [String], valid: String?, folder: RunFolder) {
        // Absolute, so that a run can be resumed from anywhere.
        self.data = data.map { URL(fileURLWithPath: $0).path }
        self.valid = valid.map { URL(fileURLWithPath: $0).path }
        self.folder = folder
    }

    /// The files that a checkpoint names.
    init(notes: [String: String], folder: RunFolder) {
        data = (notes["data"] ?? "").split(separator: "\n").map(String.init)
        valid = notes["valid"]
        self.folder = folder
    }

    /// What a checkpoint must name to find the files again.
    var notes: [String: String] {
        var notes = ["data": data.joined(separator: "\n")]
        notes["valid"] = valid
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
        let copy = try AtomicFile(path: folder.file(name))
        try copy.write(bytes)
        try copy.commit()
    }

    /// The tokenizer in the folder, or bytes.
    func keptTokenizer() throws -> any Tokenizer {
        for name in Self.names where FileManager.default.fileExists(atPath: folder.file(name)) {
            return try loadTokenizer(at: folder.file(name))
        }
        return ByteTokenizer()
    }

    private static let names = ["tokenizer.json", "vocabulary.txt"]

    /// The tokens to learn from, and the text to measure on.
    func load(_ tokenizer: any Tokenizer) throws -> (tokens: [TokenID], validation: ValidationSet?) {
        let tokens = try data.flatMap { try TextData(path: $0).tokens(tokenizer) }
        let validation = try valid.map { path in
            let text = try TextData(path: path)
            return ValidationSet(text.tokens(tokenizer), byteCount: text.byteCount)
        }
        return (tokens, validation)
    }
}
