#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A file as a hub lists it.
public struct HubFile: Hashable, Sendable {
    /// The path in the repository; safe below any folder.
    public let path: String
    /// The size, if the hub says it.
    public let byteCount: Int?
    /// What the content must be, if the hub says it.
    public let digest: ContentDigest?

    public init(path: String, byteCount: Int?, digest: ContentDigest?) {
        self.path = path
        self.byteCount = byteCount
        self.digest = digest
    }

    /// The last part of the path.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// What stands before the last part, with the slash; empty at the root.
    var folder: String { String(path.dropLast(name.count)) }
}

/// The files of a repository at one commit.
public struct HubListing: Sendable, Equatable {
    public let reference: HubReference
    /// The commit's digest, 40 hexadecimal digits.
    public let commit: String
    public let files: [HubFile]

    /// The file at `path`.
    /// - Throws: `HubError.fileNotFound`.
    public func file(_ path: String) throws(HubError) -> HubFile {
        guard let found = files.first(where: { $0.path == path }) else {
            throw .fileNotFound(repository: reference.repository, file: path)
        }
        return found
    }

    /// Reads the answer of `/api/models/OWNER/NAME/revision/REVISION?blobs=true`.
    /// - Throws: `HubError.listingMalformed`; `unsafeName` if a path leads elsewhere.
    package init(_ reference: HubReference, json: [UInt8]) throws(HubError) {
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(json))
        } catch {
            throw .listingMalformed(reason: Self.describe(error))
        }
        guard isHexadecimal(answer.sha, count: 40) else { throw .listingMalformed(reason: "the commit is no digest") }
        self.reference = reference
        commit = answer.sha.lowercased()
        var files: [HubFile] = []
        for sibling in answer.siblings ?? [] {
            let path = sibling.rfilename
            guard SafePath.isSafe(path) else { throw .unsafeName(path) }
            let size = sibling.lfs?.size ?? sibling.size
            if let size, size < 0 { throw .listingMalformed(reason: "\(path) has \(size) bytes") }
            let digest =
                if let lfs = sibling.lfs {
                    (lfs.sha256 ?? lfs.oid).flatMap { ContentDigest(sha256: $0) }
                } else {
                    // Git's digest begins with the size, so without one it cannot be compared.
                    size == nil ? nil : sibling.blobId.flatMap { ContentDigest(gitBlob: $0) }
                }
            files.append(HubFile(path: path, byteCount: size, digest: digest))
        }
        self.files = files
    }

    /// Named as on the wire.
    private struct Answer: Decodable {
        struct Sibling: Decodable {
            struct LFS: Decodable {
                let sha256: String?
                let oid: String?
                let size: Int?
            }
            let rfilename: String
            let size: Int?
            let blobId: String?
            let lfs: LFS?
        }
        let sha: String
        let siblings: [Sibling]?
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "“\(key.stringValue)” is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "“\(context.codingPath.map(\.stringValue).joined(separator: "."))” is of the wrong kind"
        default: "it is not JSON"
        }
    }
}
