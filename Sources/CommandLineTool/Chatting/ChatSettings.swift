internal import RWKV

/// What `/set` can change.
enum ChatSettings {
    /// Changes one setting.
    /// - Throws: `InputError` for a name that there is not or a value that has no meaning.
    static func set(_ name: String, _ value: String, in conversation: Conversation) async throws {
        var parameters = await conversation.parameters
        var template = await conversation.template
        func number() throws -> Double {
            guard let number = Double(value) else { throw InputError(description: "“\(value)” is not a number") }
            return number
        }
        func whole() throws -> Int {
            guard let number = Int(value) else { throw InputError(description: "“\(value)” is not a whole number") }
            return number
        }
        switch name.replacing("_", with: "-") {
        case "temperature": parameters.temperature = try number()
        case "top-p": parameters.topP = try number()
        case "top-k": parameters.topK = try whole()
        case "min-p": parameters.minP = try number()
        case "presence-penalty": parameters.presencePenalty = try number()
        case "frequency-penalty": parameters.frequencyPenalty = try number()
        case "penalty-decay": parameters.penaltyDecay = try number()
        case "seed":
            guard value == "none" || UInt64(value) != nil else {
                throw InputError(description: "“\(value)” is neither a whole number nor none")
            }
            parameters.seed = UInt64(value)
        case "tokens":
            let count = try whole()
            guard count > 0 else { throw InputError(description: "tokens is \(count); it must be at least 1") }
            return await conversation.set(maximumTokens: count)
        case "template": template = ChatFormat(try choice(value), thinking: template.thinking)
        case "think":
            guard template.kind == .g1 else {
                throw InputError(description: "only the template g1 thinks; this is \(template.kind.rawValue)")
            }
            template.thinking = try choice(value)
        default: throw InputError(description: "there is no setting “\(name)”; /help lists them")
        }
        do {
            await conversation.set(try parameters.validated())
        } catch {
            throw InputError(description: "\(error)")
        }
        await conversation.set(template)
    }

    /// All settings, one a line.
    static func describe(_ conversation: Conversation) async -> String {
        let parameters = await conversation.parameters
        let template = await conversation.template
        let values: [(String, String)] = [
            ("temperature", "\(parameters.temperature)"), ("top-p", "\(parameters.topP)"),
            ("top-k", "\(parameters.topK)"), ("min-p", "\(parameters.minP)"),
            ("presence-penalty", "\(parameters.presencePenalty)"),
            ("frequency-penalty", "\(parameters.frequencyPenalty)"),
            ("penalty-decay", "\(parameters.penaltyDecay)"),
            ("seed", parameters.seed.map { "\($0)" } ?? "none"),
            ("tokens", "\(await conversation.maximumTokens)"), ("template", template.kind.rawValue),
            ("think", template.thinking.rawValue),
        ]
        return values.map { $0.0.padded(20) + $0.1 }.joined(separator: "\n")
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: String
    ) throws -> Choice where Choice.RawValue == String {
        guard let found = Choice(rawValue: value) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw InputError(description: "“\(value)” must be one of \(names)")
        }
        return found
    }
}
