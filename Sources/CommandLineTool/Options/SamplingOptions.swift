internal import ArgumentParser
internal import RWKV

/// How tokens are chosen.
struct SamplingOptions: ParsableArguments {
    @Option(help: "Flattens (above 1) or sharpens (below 1) the choice; 0 always takes the most probable token.")
    var temperature = 0.7

    @Option(help: "Keeps the most probable tokens that together reach this probability.")
    var topP = 0.9

    @Option(help: "Keeps this many of the most probable tokens; 0 keeps all.")
    var topK = 0

    @Option(help: "Keeps tokens at least this many times as probable as the most probable one.")
    var minP = 0.0

    @Option(help: "Keeps the tokens nearest the expected surprise, up to this probability.")
    var typicalP = 1.0

    @Option(help: "Lowers the logits of tokens written before.")
    var presencePenalty = 0.0

    @Option(help: "Lowers the logits of tokens written before, for each time they were.")
    var frequencyPenalty = 0.0

    @Option(help: "How much of each past occurrence is left at the next token.")
    var penaltyDecay = 0.996

    @Option(help: ArgumentHelp("Adds to a token's logit; may be repeated.", valueName: "id=bias"))
    var logitBias: [String] = []

    @Option(help: ArgumentHelp("A token never to be written; may be repeated.", valueName: "id"))
    var banToken: [Int] = []

    @Option(help: ArgumentHelp("A token that ends the text; may be repeated.", valueName: "id"))
    var stopToken: [Int] = []

    @Option(help: ArgumentHelp("A text that ends the text; may be repeated.", valueName: "text"))
    var stop: [String] = []

    @Option(help: "The same seed writes the same text.")
    var seed: UInt64?

    func validate() throws {
        if stop.contains("") { throw ValidationError("--stop is empty; it must be a text") }
    }

    func parameters() throws -> SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = temperature
        parameters.topK = topK
        parameters.topP = topP
        parameters.minP = minP
        parameters.typicalP = typicalP
        parameters.presencePenalty = presencePenalty
        parameters.frequencyPenalty = frequencyPenalty
        parameters.penaltyDecay = penaltyDecay
        parameters.bannedTokens = Set(banToken)
        parameters.stopTokens = Set(stopToken)
        parameters.seed = seed
        for text in logitBias {
            let parts = text.split(separator: "=")
            guard parts.count == 2, let token = Int(parts[0]), let bias = Float(parts[1]) else {
                throw ValidationError("--logit-bias is “\(text)”; it must be a token and a number, such as 261=-2.5")
            }
            parameters.logitBias[token] = bias
        }
        do {
            return try parameters.validated()
        } catch {
            throw ValidationError(Self.described(error))
        }
    }

    /// The message with the option's name in place of the parameter's.
    private static func described(_ error: SamplingError) -> String {
        switch error {
        case .parameterOutOfRange(let name, let found, let needed):
            let option = name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
            return "--\(option) is \(found); it must be \(needed)"
        case .negativeToken(let list, let token):
            let options = ["bannedTokens": "--ban-token", "stopTokens": "--stop-token", "logitBias": "--logit-bias"]
            return "\(options[list] ?? list) names token \(token); ids start at 0"
        default: return "\(error)"
        }
    }
}
