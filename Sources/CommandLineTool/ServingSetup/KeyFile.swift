internal import Foundation
internal import RWKV
internal import Serving

/// The file with the API keys of a server: names, hashes and limits.
enum KeyFile {
    private struct Contents: Codable { var keys: [APIKeys.Entry] }

    /// - Throws: `InputError` if the file is not there or is not such a file.
    static func read(_ path: String) throws -> APIKeys {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InputError(
                description: "\(path) cannot be read; rwkv serve --new-key NAME --keys \(path) makes it")
        }
        do {
            return try APIKeys(json: data)
        } catch {
            throw InputError(
                description: "\(path) is not a file of keys: needed {\"keys\": [{\"name\": …, \"hash\": …}]}")
        }
    }

    /// Adds a key to the file and prints it; only its hash is kept.
    static func add(_ name: String, to path: String) throws {
        var contents = Contents(keys: [])
        if FileManager.default.fileExists(atPath: path) { contents.keys = try read(path).entries }
        if contents.keys.contains(where: { $0.name == name }) {
            throw InputError(description: "\(path) has a key of “\(name)” already; remove it there first")
        }
        let key = APIKeys.newKey()
        contents.keys.append(APIKeys.Entry(name: name, hash: APIKeys.hash(of: key)))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.replace(path, with: [UInt8](try encoder.encode(contents)))
        Terminal.write(key + "\n")
        Terminal.note("this is the only time that the key is shown; \(path) holds its hash")
    }
}
