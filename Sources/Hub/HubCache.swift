/// Where downloads lie: `FOLDER/OWNER/NAME/COMMIT/FILE`.
///
/// A commit never changes, so neither does a file once it is there; removing any folder is safe.
public struct HubCache: Sendable {
    public let folder: String

    /// `RWKV_CACHE`, or `rwkv` in `XDG_CACHE_HOME`, or `~/.cache/rwkv`.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        folder =
            value("RWKV_CACHE") ?? value("XDG_CACHE_HOME").map { $0 + "/rwkv" }
            ?? (value("HOME") ?? ".") + "/.cache/rwkv"
    }

    /// The folder of the repository's files at a commit.
    public func folder(_ reference: HubReference, commit: String) -> String {
        "\(folder)/\(reference.owner)/\(reference.name)/\(commit)"
    }

    /// Where a listed file lies once it is downloaded.
    public func path(of file: HubFile, in listing: HubListing) -> String {
        "\(folder(listing.reference, commit: listing.commit))/\(file.path)"
    }
}
