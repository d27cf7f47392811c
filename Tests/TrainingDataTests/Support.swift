import Checkpoints
import Foundation
import Tensors
import Tokenizers
import TrainingData

/// A folder that is removed when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("rwkv-\(UInt64.random(in: 0 ... .max))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    func file(_ name: String) -> String { path + "/" + name }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name)))) }
}

/// All pieces of a source: text, whether it counts, whether the document ends.
func pieces(_ source: some DocumentSource) throws -> [String] {
    var found: [String] = []
    try source.read { piece in
        found.append(
            String(decoding: piece.text, as: UTF8.self) + (piece.isCounted ? "" : " (read)")
                + (piece.endsDocument ? " (end)" : ""))
    }
    return found
}

func storage(_ text: String) -> Storage { Storage(copying: Array(text.utf8)) }

/// The error that `work` throws, if it is of the library's kind.
func dataError(_ work: () throws -> some Any) -> TrainingDataError? {
    do {
        _ = try work()
        return nil
    } catch {
        return error as? TrainingDataError
    }
}

/// A store of documents of the given tokens.
func store(_ documents: [[Int32]], counted: [Range<Int>]? = nil) -> TokenStore {
    let all = documents.flatMap { $0 }
    var ends: [Int] = []
    for document in documents { ends.append((ends.last ?? 0) + document.count) }
    return TokenStore(
        Storage(copying: all), .int32, offset: 0, count: all.count, documentEnds: ends, countedRanges: counted,
        bounds: all.isEmpty ? nil : (all.min() ?? 0)...(all.max() ?? 0), fingerprint: 1)
}
