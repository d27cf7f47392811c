internal import ArgumentParser
internal import Foundation
internal import Hub

/// One call of `rwkv pull`: which model, where to, and what comes with it.
struct PullJob: Sendable {
    let reference: HubReference
    let revision: String
    let output: String?
    let isForced: Bool
    let cache: HubCache

    func run(_ client: HubClient, onEvent: @escaping @Sendable (HubEvent) -> Void) async throws -> PullReport {
        if let report = cachedCommit() { return report }
        let listing = try await client.listing(of: reference, revision: revision, onEvent: onEvent)
        let model = try choose(from: listing)
        let path = destination(of: model, in: listing)
        let digest = try await bring(model, from: listing, to: path, client, onEvent)
        var report = PullReport(
            path: path, repository: reference.repository, commit: listing.commit, file: model.path,
            bytes: LocalFile(path: path)?.byteCount ?? 0, sha256: digest, downloaded: digest != nil, tokenizers: [])
        for tokenizer in listing.tokenizers(beside: model) {
            // Where the program looks for it: in the folder of the model, whatever its folder in the repository.
            let path = Self.folder(of: path) + tokenizer.name
            if output == nil || LocalFile(path: path) == nil {
                _ = try await bring(tokenizer, from: listing, to: path, client, onEvent)
            } else {
                Terminal.note("\(path) is there already and is kept")
            }
            report.tokenizers.append(path)
        }
        return report
    }

    /// What is in the cache under a commit that was named in full needs no hub.
    private func cachedCommit() -> PullReport? {
        guard output == nil, !isForced, let file = reference.file, revision.count == 40,
            revision.allSatisfy(\.isHexDigit)
        else { return nil }
        let path = cache.folder(reference, commit: revision.lowercased()) + "/" + file
        guard let found = LocalFile(path: path) else { return nil }
        return PullReport(
            path: path, repository: reference.repository, commit: revision.lowercased(), file: file,
            bytes: found.byteCount, sha256: nil, downloaded: false, tokenizers: [])
    }

    private func choose(from listing: HubListing) throws -> HubFile {
        if let file = reference.file { return try listing.file(file) }
        if let model = listing.onlyModel { return model }
        let models = listing.models
        if models.isEmpty {
            throw InputError(
                description: """
                    \(reference.repository) has no file that is a checkpoint by its name; its files:
                    \(Pull.text(of: listing.files, in: listing))
                    """)
        }
        throw ValidationError(
            """
            \(reference.repository) has \(models.count) models; name one, for example
              rwkv pull \(reference.repository)/\(models[0].path)
            \(Pull.text(of: models, in: listing))
            """)
    }

    private func destination(of file: HubFile, in listing: HubListing) -> String {
        guard let output else { return cache.path(of: file, in: listing) }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: output, isDirectory: &isFolder)
        if output.hasSuffix("/") { return output + file.name }
        return exists && isFolder.boolValue ? "\(output)/\(file.name)" : output
    }

    /// Downloads `file` unless it is there.
    /// - Returns: Its SHA-256; `nil` if it was there.
    private func bring(
        _ file: HubFile, from listing: HubListing, to path: String, _ client: HubClient,
        _ onEvent: @escaping @Sendable (HubEvent) -> Void
    ) async throws -> String? {
        if !isForced, let found = LocalFile(path: path) {
            if output == nil {
                // Files get their names in the cache after they were checked.
                if file.byteCount == nil || found.byteCount == file.byteCount { return nil }
            } else if found.holds(file) {
                return nil
            } else {
                throw HubError.fileExists(path: path)
            }
        }
        if file.digest == nil { Terminal.note("\(file.path): the hub lists no digest, so only its size is checked") }
        return try await client.download(file, of: listing, to: path, onEvent: onEvent)
    }

    private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }
}

/// What `rwkv pull --json` prints.
struct PullReport: Encodable, Sendable {
    let path: String
    let repository: String
    let commit: String
    let file: String
    let bytes: Int
    let sha256: String?
    let downloaded: Bool
    var tokenizers: [String]
}
