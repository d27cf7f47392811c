public import ArgumentParser
internal import Foundation
public import RWKV

/// What to learn from.
struct DataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Files to learn from: text, JSON lines, conversations or binidx. With weights (a.txt:3 b.jsonl:1) that is the \
            share of the sequences that are from each; without, every sequence is seen once in an epoch.
            """, valueName: "file[:weight]"))
    var data: [DataArgument] = []

    @Option(
        help: ArgumentHelp(
            """
            What the files are: \(DataFormat.allCases.map(\.rawValue).joined(separator: ", ")). By default each says it. With \
            chat, lines {"text": "User: …\\n\\nAssistant: …"} are conversations too.
            """,
            valueName: "format"))
    var dataFormat: DataFormat?

    @Option(help: ArgumentHelp("A file to measure on.", valueName: "file"))
    var valid: String?

    @Option(
        help: ArgumentHelp(
            """
            Measure on a part of the data and do not learn from it: a share (1%) or a number of documents. Which \
            documents these are depends on the documents alone. Of text files, parts of \(HoldOut.partLength) tokens are \
            held out.
            """, valueName: "share"))
    var holdOut: HoldOut?

    @OptionGroup var cache: CacheOptions

    func validate() throws {
        if valid != nil && holdOut != nil {
            throw ValidationError("--valid and --hold-out both say what to measure on; name one of them")
        }
    }

    func files() throws -> [DataFile] {
        try data.map { try file($0.path, weight: $0.weight) }
    }

    func validationFile() throws -> DataFile? { try valid.map { try file($0, weight: nil) } }

    private func file(_ path: String, weight: Double?) throws -> DataFile {
        try DataFile(path: path, format: dataFormat ?? .detect(path: path), weight: weight)
    }
}

/// Where tokens are kept.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the tokens of files are kept for the next time; ~/.cache/rwkv/tokens by default. Removing the folder is \
            safe.
            """, valueName: "folder"))
    var cache: String?
}

/// A file, perhaps with a weight behind a colon.
struct DataArgument: ExpressibleByArgument {
    let path: String
    let weight: Double?

    init?(argument: String) {
        if let colon = argument.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: argument),
            let weight = Double(argument[argument.index(after: colon)...])
        {
            guard weight > 0, weight.isFinite, colon > argument.startIndex else { return nil }
            path = String(argument[..<colon])
            self.weight = weight
        } else {
            path = argument
            weight = nil
        }
    }
}

extension DataFormat: ExpressibleByArgument {}

extension HoldOut: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
