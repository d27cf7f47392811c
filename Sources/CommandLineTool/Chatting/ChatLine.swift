/// A line of a chat: something to say, or a command.
package enum ChatLine: Equatable {
    case say(String)
    case save(path: String)
    case load(path: String)
    /// Goes on from a message of the tree; shows the tree if `nil`.
    case fork(Int?)
    case rewind(Int)
    case retry
    case edit(message: Int, text: String)
    case system(String)
    /// Shows the settings if there is no name.
    case set(name: String, value: String)
    case stats
    case help
    case quit

    /// What every command does, for `/help`.
    static let summary = """
        /retry                another answer to your last message
        /rewind [N]           take back your last N messages (1)
        /edit N TEXT          say TEXT in place of message N
        /fork                 show the tree of messages
        /fork N               go on from message N; the rest stays
        /system TEXT          begin anew with a system message
        /save FILE            save the conversation and the model's state
        /load FILE            go on with a saved conversation
        /set                  show the settings
        /set NAME VALUE       change one: temperature, top-p, top-k, min-p, presence-penalty, frequency-penalty,
                              penalty-decay, seed, tokens, template (plain, world, g1), think (off, fake, on, short, long)
        /stats                tokens and speed of the last answer
        /help                 this list
        /quit                 leave (or Ctrl-D)
        Ctrl-C stops an answer. A line that ends in \\ goes on in the next one. // begins a message with a slash.
        """

    /// - Throws: `InputError` for a command that there is not, or with something wrong after it.
    package init(_ line: String) throws {
        guard line.hasPrefix("/"), !line.hasPrefix("//") else {
            self = .say(line.hasPrefix("//") ? String(line.dropFirst()) : line)
            return
        }
        let words = line.dropFirst().split(separator: " ", maxSplits: 1).map(String.init)
        let name = words.first ?? ""
        let rest = words.count > 1 ? String(words[1].drop { $0 == " " }) : ""
        func needed(_ what: String) throws -> String {
            if rest.isEmpty { throw InputError(description: "/\(name) needs \(what)") }
            return rest
        }
        switch name {
        case "save": self = .save(path: try needed("a file"))
        case "load": self = .load(path: try needed("a file"))
        case "fork": self = .fork(rest.isEmpty ? nil : try Self.number(rest, name))
        case "rewind": self = .rewind(rest.isEmpty ? 1 : try Self.number(rest, name))
        case "retry": self = .retry
        case "edit":
            let parts = try needed("a message's number and a text").split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw InputError(description: "/edit needs a message's number and a text") }
            self = .edit(message: try Self.number(parts[0], name), text: parts[1])
        case "system": self = .system(rest)
        case "set":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            if parts.count == 1 { throw InputError(description: "/set \(rest) needs a value") }
            self = .set(name: parts.first ?? "", value: parts.last ?? "")
        case "stats": self = .stats
        case "help": self = .help
        case "quit", "exit": self = .quit
        default: throw InputError(description: "there is no command /\(name); /help lists them")
        }
    }

    private static func number(_ text: String, _ name: String) throws -> Int {
        guard let number = Int(text) else { throw InputError(description: "/\(name): “\(text)” is not a number") }
        return number
    }
}
