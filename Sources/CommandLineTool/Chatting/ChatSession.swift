internal import RWKV

/// A chat in the terminal: reads lines, says them, shows answers.
struct ChatSession {
    let conversation: Conversation
    let editor: LineEditor
    let stop: StopRequest

    /// Runs until the person leaves, or the lines are at their end.
    ///
    /// What was typed wrong is said, and the chat goes on.
    /// - Returns: Whether all went well.
    func run() throws -> Bool {
        var wentWell = true
        while let line = nextLine() {
            // What is pressed from here on means the answer to this line, be it begun or not.
            let presses = stop.count
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                guard try perform(ChatLine(line), presses: presses) else { return wentWell }
            } catch {
                wentWell = false
                Terminal.note("\(error)")
            }
        }
        if editor.isInteractive { Terminal.write("\n") }
        return wentWell
    }

    /// A line, with those that it goes on in; `nil` when there are no more.
    ///
    /// Ctrl-C discards what was typed of it, as in a shell. libedit then gives no line, as at the end of all lines.
    private func nextLine() -> String? {
        while true {
            let presses = stop.count
            var line = editor.read(prompt: "> ")
            while let begun = line, begun.hasSuffix("\\"), let next = editor.read(prompt: "… ") {
                line = String(begun.dropLast()) + "\n" + next
            }
            guard editor.isInteractive, stop.count > presses else { return line }
            Terminal.write("\n")
        }
    }

    /// - Parameter presses: How often Ctrl-C had been pressed when the line was read; one more stops an answer.
    /// - Returns: Whether the chat goes on.
    private func perform(_ line: ChatLine, presses: Int) throws -> Bool {
        let conversation = self.conversation
        switch line {
        case .say(let text): try show(conversation.reply(to: text), presses: presses)
        case .retry: try show(conversation.retry(), presses: presses)
        case .edit(let id, let text):
            try wait {
                let nodes = await conversation.tree.nodes
                guard nodes.indices.contains(id), nodes[id].message.role == .user else {
                    throw InputError(description: "message \(id) is none of yours; /fork shows them")
                }
                try await conversation.go(to: nodes[id].parent)
            }
            try show(conversation.reply(to: text), presses: presses)
        case .rewind(let count):
            let message = try wait { try await conversation.rewind(count) }
            Terminal.note("took back: \(message.content)")
        case .fork(let id?): try wait { try await conversation.go(to: id) }
        case .fork(nil): Terminal.write(ChatTreeText.describe(try wait { await conversation.tree }))
        case .system(let text): try wait { await conversation.begin(system: text.isEmpty ? nil : text) }
        case .save(let path): try wait { try await ChatFile.save(conversation, to: path) }
        case .load(let path):
            let hasState = try wait { try await ChatFile.load(path, into: conversation) }
            if !hasState { Terminal.note("the state in \(path) is not this model's; the messages will be read again") }
        case .set("", _): Terminal.write(try wait { await ChatSettings.describe(conversation) } + "\n")
        case .set(let name, let value): try wait { try await ChatSettings.set(name, value, in: conversation) }
        case .stats: Terminal.write(stats(try wait { await conversation.lastReply }) + "\n")
        case .help: Terminal.write(ChatLine.summary + "\n")
        case .quit: return false
        }
        return true
    }

    private func show(_ answer: AsyncThrowingStream<String, any Error>, presses: Int) throws {
        try waiting(unless: { stop.count > presses }) {
            for try await piece in answer { Terminal.write(piece) }
        }
        Terminal.write("\n")
    }

    @discardableResult
    private func wait<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
        try waiting(unless: { false }, work)
    }

    private func stats(_ reply: ReplyReport?) -> String {
        guard let reply else { return "there is no answer yet" }
        let read = reply.promptTokens - reply.tokensReused
        let speed = Double(reply.tokensWritten) / max(reply.seconds - reply.secondsToRead, 1e-9)
        return """
            \(reply.promptTokens) tokens of conversation, \(read) of them read now in \
            \(format(1000 * reply.secondsToRead, decimals: 0)) ms; \(reply.tokensWritten) written, \
            \(format(speed, decimals: 0)) tokens/s\(reply.isWhole ? "" : "; stopped")
            """
    }
}
