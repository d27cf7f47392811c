internal import ArgumentParser
internal import Foundation
internal import RWKV
internal import Serving

/// The server.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves models over HTTP, with OpenAI's interface and a page to chat at.",
        discussion: """
            Clients of OpenAI need only another address: http://127.0.0.1:8080/v1. Many requests are answered at once, in \
            batches; each gets what it would get alone. States of prompts are kept, so that a client that sends its whole \
            conversation again waits only for what is new.

            There is a chat in the browser at http://127.0.0.1:8080. Only this machine can connect unless --host says \
            otherwise. Names may be given to models, and one checkpoint may be offered under several names with \
            different adapters.

            Examples:
              rwkv serve
              rwkv serve small=rwkv7-0.1b.pth poet=rwkv7-0.1b.pth,lora=poems.pth:32
              rwkv serve model.gguf --host 0.0.0.0 --keys keys.json --certificate chain.pem --key key.pem
              rwkv serve --new-key Ann --keys keys.json

              curl http://127.0.0.1:8080/v1/completions -d '{"prompt": "Once upon a time", "max_tokens": 50}'
            """)

    @Argument(
        help: ArgumentHelp(
            """
            Models: [NAME=]FILE[,lora=FILE[:ALPHA]][,state=FILE][,template=plain|world|g1][,think=MODE]; the first answers \
            requests without a model. Without any, the model inside the program.
            """, valueName: "model"))
    var models: [ServedModelArgument] = []

    @Option(help: "The address to listen at.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes one that is free.")
    var port = 8080

    @Option(help: ArgumentHelp("A PEM file with the certificate chain.", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("A PEM file with the certificate's key.", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp("A JSON file with the API keys that may ask; it holds hashes only.", valueName: "file"))
    var keys: String?

    @Option(
        help: ArgumentHelp("Add a key for this name to --keys, print it once and end.", valueName: "name"))
    var newKey: String?

    @Option(help: ArgumentHelp("An origin whose web pages may ask (CORS); may be repeated.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(help: "The answers that are read and written at once.")
    var streams = 32

    @Option(help: "The requests that may wait; more are refused with 429.")
    var queue = 128

    @Option(help: ArgumentHelp("The most tokens of a prompt.", valueName: "tokens"))
    var promptLimit = 1 << 20

    @Option(help: ArgumentHelp("The most tokens of an answer.", valueName: "tokens"))
    var answerLimit = 32_768

    @Option(help: ArgumentHelp("How long a request may take.", valueName: "seconds"))
    var timeLimit = 600.0

    @Option(help: ArgumentHelp("The memory for states of prompts; 512MiB by default.", valueName: "size"))
    var cache: ByteSize?

    @Option(
        help: ArgumentHelp(
            """
            The SQLite file of conversations and of states that outlive the program; by default serve.sqlite among the user's \
            files; none for no file.
            """, valueName: "file"))
    var store: String?

    @Option(help: ArgumentHelp("The size of the states in that file; 4GiB by default.", valueName: "size"))
    var storeSize: ByteSize?

    @Option(help: "How many models may be in memory at once.")
    var loaded = 4

    @OptionGroup var tokenizer: TokenizerOptions
    @OptionGroup var threading: ThreadOptions

    @Flag(help: "Log every request (without its contents).")
    var verbose = false

    func validate() throws {
        if !(0...65_535).contains(port) { throw ValidationError("--port is \(port); it must be from 0 to 65535") }
        if (certificate == nil) != (key == nil) { throw ValidationError("--certificate and --key belong together") }
        for (name, value) in [
            ("streams", streams), ("queue", queue), ("prompt-limit", promptLimit), ("answer-limit", answerLimit),
            ("loaded", loaded),
        ] where value < 1 {
            throw ValidationError("--\(name) is \(value); it must be at least 1")
        }
        if !(timeLimit > 0) { throw ValidationError("--time-limit is \(timeLimit); it must be more than 0") }
        if newKey != nil, keys == nil {
            throw ValidationError("--new-key needs --keys FILE, where its hash is kept")
        }
        if let newKey, newKey.allSatisfy(\.isWhitespace) {
            throw ValidationError("--new-key is empty; a key needs a name, such as --new-key Ann")
        }
        if let other = allowOrigin.first(where: { !WebOrigin.isOne($0) }) {
            throw ValidationError(
                "--allow-origin is “\(other)”; an origin is a scheme and a host, such as https://chat.example or "
                    + "http://localhost:3000, and nothing after them")
        }
    }

    func run() throws {
        if let newKey, let keys { return try KeyFile.add(newKey, to: keys) }
        var settings = ServerSettings()
        settings.host = host
        settings.port = port
        settings.certificate = certificate.flatMap { chain in key.map { (chain, $0) } }
        settings.keys = try keys.map { try KeyFile.read($0) }
        settings.allowedOrigins = allowOrigin
        settings.engine.streams = streams
        settings.engine.waiting = queue
        settings.engine.promptTokens = promptLimit
        settings.answerLimit = answerLimit
        settings.timeLimit = timeLimit
        settings.cacheBytes = cache?.bytes ?? settings.cacheBytes
        settings.modelLimit = loaded
        settings.storePath = try storePath()
        settings.storedStateBytes = storeSize?.bytes ?? settings.storedStateBytes
        settings.threadCount = threading.threads
        settings.logs = verbose ? .requests : .failures
        let given = models.isEmpty ? [ServedModelArgument.builtIn] : models
        // A file that cannot be served is better known now than at the first request.
        let options = tokenizer
        for model in given { try model.check(tokenizer: options) }
        let server = try Server(
            settings,
            models: given.map { model in ServedModel(name: model.name) { try model.load(tokenizer: options) } })
        warn(settings)
        let scheme = certificate == nil ? "http" : "https"
        let host = self.host
        try waiting(unless: { false }) {
            try await server.run { port in
                Terminal.note("serving \(given.map(\.name).joined(separator: ", ")) at \(scheme)://\(host):\(port)")
            }
        }
    }

    private func storePath() throws -> String? {
        if let store { return store == "none" ? nil : store }
        let environment = ProcessInfo.processInfo.environment
        guard let base = environment["XDG_DATA_HOME"] ?? environment["HOME"].map({ $0 + "/.local/share" }) else {
            throw InputError(description: "there is no home folder for conversations; name a file with --store")
        }
        let folder = base + "/rwkv"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw InputError(description: "\(folder) cannot be made for conversations; name a file with --store")
        }
        return folder + "/serve.sqlite"
    }

    private func warn(_ settings: ServerSettings) {
        guard !settings.isLoopback else { return }
        if settings.keys == nil {
            Terminal.note("warning: everybody who reaches \(host) can use this server; see --keys")
        }
        if settings.certificate == nil {
            Terminal.note(
                "warning: connections are not encrypted; see --certificate, or put a proxy with TLS before it")
        }
    }
}
