public import ArgumentParser
internal import Foundation
public import RWKV

/// A conversation in the terminal.
struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talks with a model.",
        discussion: """
            The model's memory of a conversation has a constant size and is kept at every message: a long conversation \
            costs no more to go on with than a short one, and going back costs nothing. Models of the World and G1 series \
            are addressed in their own format; others, such as the one inside the program, go on from your text.

            /help lists the commands of a chat. If standard input is not a terminal, each of its lines is a message \
            or a command; a command that cannot be done is said, the rest is done all the same, and the exit code is 1.

            Examples:
              rwkv chat --model rwkv7-g1a-0.1b.pth --think on
              rwkv chat --model model.pth --system "Answer in French."
              rwkv chat --model model.pth --load monday.safetensors
              echo "Once upon a time" | rwkv chat --seed 1
            """)

    @OptionGroup var options: ModelOptions
    @OptionGroup var sampling: SamplingOptions

    @Option(name: [.customLong("tokens"), .customShort("n")], help: "The most tokens of an answer.")
    var tokenLimit = 1000

    @Option(help: "The format of the conversation: plain, world or g1; by default the one that suits the model.")
    var template: ChatFormat.Kind?

    @Option(help: "How a G1 model begins its answers: off, fake (empty thoughts), on, short or long.")
    var think: Thinking?

    @Option(help: ArgumentHelp("What the conversation begins with.", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("A tuned state to begin with.", valueName: "file"))
    var state: String?

    @Option(help: ArgumentHelp("Go on with a saved conversation.", valueName: "file"))
    var load: String?

    @Flag(help: "Do not remember the lines typed for the next time.")
    var noHistory = false

    func validate() throws {
        if tokenLimit < 1 { throw ValidationError("--tokens is \(tokenLimit); it must be at least 1") }
        _ = try sampling.parameters()
    }

    func run() throws {
        let model = try options.loadModel(firstState: state)
        let tokenizer = try options.loadTokenizer(for: model)
        var format = ChatFormat.suiting(tokenizer, fileName: (options.model as NSString?)?.lastPathComponent ?? "")
        if let template { format = ChatFormat(template) }
        if let think {
            guard format.kind == .g1 else {
                throw ValidationError(
                    "--think is for the template g1, and this model has \(format.kind.rawValue); add --template g1")
            }
            format.thinking = think
        }
        let threads = options.threading.threads ?? ThreadPool.processorCount
        let engine = BatchEngine(
            cache: PrefixCache(byteLimit: 1 << 28), threadCount: threads,
            precision: options.activations.precision.precision)
        let conversation = Conversation(
            model, tokenizer, format, parameters: try sampling.parameters(), maximumTokens: tokenLimit,
            cacheSpace: "chat", on: engine)
        let editor = LineEditor(historyPath: noHistory ? nil : try Self.historyPath())
        let session = ChatSession(conversation: conversation, editor: editor, stop: StopRequest())
        if let system { try waiting(unless: { false }) { await conversation.begin(system: system) } }
        if let load {
            let hasState = try waiting(unless: { false }) { try await ChatFile.load(load, into: conversation) }
            if !hasState { Terminal.note("the state in \(load) is not this model's; the messages will be read again") }
        }
        if editor.isInteractive {
            let name = options.model.map { ($0 as NSString).lastPathComponent } ?? builtInName
            Terminal.note("\(name), template \(format.kind.rawValue); /help lists the commands, Ctrl-D leaves")
            if !editor.canEdit { Terminal.note("libedit was not found: lines cannot be edited with the arrow keys") }
        }
        let wentWell = try session.run()
        // A person has seen what went wrong; a script is told at the end.
        if !editor.isInteractive, !wentWell { throw ExitCode.failure }
    }

    /// A file among the user's own, in a folder that is there.
    private static func historyPath() throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        guard let base = environment["XDG_STATE_HOME"] ?? environment["HOME"].map({ $0 + "/.local/state" }) else {
            return nil
        }
        let folder = base + "/rwkv"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            return nil
        }
        return folder + "/chat_history"
    }
}

extension ChatFormat.Kind: ExpressibleByArgument {}

extension Thinking: ExpressibleByArgument {}
