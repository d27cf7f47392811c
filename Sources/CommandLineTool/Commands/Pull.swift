internal import ArgumentParser
internal import Foundation
internal import Hub

/// Downloads a checkpoint.
struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Downloads a checkpoint from the Hugging Face hub and prints its path.",
        discussion: """
            Without FILE, the repository's one model is taken; if there are several, they are listed. A vocabulary that
            lies beside the model in the repository (rwkv_vocab….txt, tokenizer.json) comes too. A download that was cut
            off goes on where it ended; size and digest are checked before the file gets its name. Only the path is
            printed on standard output.

            Examples:
              rwkv pull OWNER/NAME
              rwkv pull --list OWNER/NAME
              rwkv generate --model "$(rwkv pull OWNER/NAME/model.pth)" "Once upon a time"

            Files are kept as OWNER/NAME/COMMIT/FILE in RWKV_CACHE, or else in rwkv under XDG_CACHE_HOME, or else in
            ~/.cache/rwkv; removing any of these folders is safe. An unfinished file is FILE.part.

            Environment: HF_TOKEN opens private and gated repositories (https://huggingface.co/settings/tokens) and is
            sent to the hub's own host only; HF_ENDPOINT names a mirror; HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY
            are heeded.

            --json prints an object: path, repository, commit, file, bytes, sha256 (missing if the file was there
            already), downloaded, tokenizers (paths). With --list: repository, commit, files (path, bytes, digest, model).
            Exit codes: 0; 1 if the download fails; 64 if there are several models to choose from; 130 after Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("OWNER/NAME or OWNER/NAME/FILE.", valueName: "repository"))
    var reference: String

    @Option(help: ArgumentHelp("A branch, tag or commit.", valueName: "name"))
    var revision = "main"

    @Option(
        help: ArgumentHelp("Write here instead of into the cache: a file, or a folder that exists.", valueName: "path"))
    var output: String?

    @Flag(help: "Print the repository's files instead of downloading one; models are marked with *.")
    var list = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(help: "Download again what is there already, and replace the file at --output.")
    var force = false

    func validate() throws {
        let reference = try usage { try HubReference(self.reference) }
        if list, reference.file != nil { throw ValidationError("--list takes OWNER/NAME, without a file") }
        if list, output != nil { throw ValidationError("--list writes no file; leave --output away") }
        if revision.isEmpty { throw ValidationError("--revision is empty") }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try usage { try HubSettings(environment: environment) }
        let job = PullJob(
            reference: try HubReference(reference), revision: revision, output: output, isForced: force,
            cache: HubCache(environment: environment))
        let reporter = PullReporter()
        let interrupt = Interrupt()
        if list {
            let listing = try waiting(until: interrupt) {
                try await settings.withClient { client in
                    try await client.listing(of: job.reference, revision: job.revision, onEvent: reporter.show)
                }
            }
            Terminal.write(json ? try jsonLine(ListReport(listing)) : Self.text(of: listing.files, in: listing))
            return
        }
        let report = try waiting(until: interrupt) {
            try await settings.withClient { client in try await job.run(client, onEvent: reporter.show) }
        }
        Terminal.endProgress()
        Terminal.write(json ? try jsonLine(report) : report.path + "\n")
    }

    /// The files with their sizes, one a line.
    static func text(of files: [HubFile], in listing: HubListing) -> String {
        let models = Set(listing.models)
        let width = files.map(\.path.count).max() ?? 0
        return files.map { file in
            let size = file.byteCount.map { describe(bytes: $0) } ?? "size unknown"
            return "\(models.contains(file) ? "*" : " ") \(file.path.padded(width))  \(size.padded(10, right: true))\n"
        }.joined()
    }

    private func usage<Result>(_ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch let error as HubError {
            throw ValidationError(error.description)
        }
    }

    private func jsonLine(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

extension HubSettings {
    /// Calls `body` with a client that is shut down afterwards.
    fileprivate func withClient<Result: Sendable>(
        _ body: @Sendable (HubClient) async throws -> Result
    ) async throws -> Result {
        let client = HubClient(self)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

/// What `rwkv pull --list --json` prints.
private struct ListReport: Encodable {
    struct File: Encodable {
        let path: String
        let bytes: Int?
        let digest: String?
        let model: Bool
    }

    let repository: String
    let commit: String
    let files: [File]

    init(_ listing: HubListing) {
        repository = listing.reference.repository
        commit = listing.commit
        let models = Set(listing.models)
        files = listing.files.map { file in
            File(
                path: file.path, bytes: file.byteCount, digest: file.digest.map { "\($0)" },
                model: models.contains(file))
        }
    }
}
