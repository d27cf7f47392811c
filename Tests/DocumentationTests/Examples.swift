import Foundation
import RWKV

// The examples of README.md, word for word but for where the files are: what does not compile is not documentation.

/// “Use it from Swift”.
func generates() async throws {
    let model = try LanguageModel(contentsOf: "model.pth")
    let tokenizer = try loadTokenizer(at: "rwkv_vocab_v20230424.txt")
    for try await text in Generator(model, tokenizer).stream("The Eiffel tower is in", maximumTokens: 50) {
        print(text, terminator: "")
    }
}

/// “Train it from Swift”.
func trains() async throws {
    let tokenizer = ByteTokenizer()
    let text = try String(contentsOfFile: "input.txt", encoding: .utf8)
    let sizes = ModelConfiguration(
        architecture: "rwkv7", layerCount: 4, width: 128, vocabularySize: tokenizer.vocabularySize)
    let model = try LanguageModel(initializing: sizes, seed: 1, learningRate: 2e-3)

    var options = TrainingOptions()
    options.contextLength = 128
    options.stepCount = 500
    options.precision = .best(on: .best)
    let trainer = try Trainer(model, options, tokens: tokenizer.encode(text), on: Workspace())
    while trainer.stepsDone < options.stepCount {
        let step = try trainer.step()
        if step.step % 50 == 0 { print("step \(step.step): loss \(step.loss)") }
    }
    try SafetensorsFile.write(model.tensors(), to: "model.safetensors")

    for try await text in Generator(model, tokenizer).stream("The ", maximumTokens: 100) {
        print(text, terminator: "")
    }
}

/// Docs/serving.md, “From Swift”.
func converses() async throws {
    let tokenizer = try loadTokenizer(at: "rwkv_vocab_v20230424.txt")
    let model = try LanguageModel(contentsOf: "rwkv7-g1.pth")
    let engine = BatchEngine(cache: PrefixCache(byteLimit: 1 << 28))
    let format = ChatFormat.suiting(tokenizer, fileName: "rwkv7-g1.pth")
    let conversation = Conversation(model, tokenizer, format, on: engine)
    for try await text in conversation.reply(to: "Why is the sky blue?") { print(text, terminator: "") }
    try await conversation.rewind()
    for try await text in conversation.reply(to: "Why is the sea blue?") { print(text, terminator: "") }

    var request = GenerationRequest(model, tokenizer, tokens: Generator.promptTokens("Once", tokenizer))
    request.maximumTokens = 50
    request.constraint = try GrammarConstraint(Grammar(gbnf: #"root ::= [a-z ]+ ".""#), tokenizer)
    for try await event in try engine.submit(request) {
        if case .wrote(_, let tokens) = event { print(tokens.text, terminator: "") }
    }
}
