internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Turns texts into token ids and back.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a JSON array of texts and prints a JSON array of arrays of token ids, or the other way round.",
        discussion: """
            Without --tokenizer or --vocab it uses the tokenizer of the small model inside the program.

            Examples:
              echo '["Hello, world"]' | rwkv tokenize --tokenizer world --vocab rwkv_vocab_v20230424.txt
              echo '[[33155, 45, 40213]]' | rwkv tokenize --decode --vocab rwkv_vocab_v20230424.txt
            """)

    @OptionGroup var options: TokenizerOptions

    @Flag(help: "Read arrays of ids and print texts; bytes that are not UTF-8 become U+FFFD.")
    var decode = false

    func run() throws {
        let tokenizer = try options.load() ?? BuiltInModel.tokenizer()
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let output: Data
        if decode {
            let lists = try parse([[TokenID]].self, input, "an array of arrays of token ids")
            for (index, list) in lists.enumerated() {
                for token in list where tokenizer.bytes(of: token) == nil && token != tokenizer.endOfText {
                    throw ValidationError(
                        "array \(index) holds token \(token), which the vocabulary of \(tokenizer.vocabularySize) has not"
                    )
                }
            }
            output = try encoder.encode(lists.map(tokenizer.decodeText))
        } else {
            let texts = try parse([String].self, input, "an array of strings")
            output = try encoder.encode(texts.map { tokenizer.encode($0) })
        }
        Terminal.write(String(decoding: output, as: UTF8.self) + "\n")
    }

    private func parse<Value: Decodable>(_ type: Value.Type, _ data: Data, _ needed: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw InputError(description: "standard input is no JSON of the kind needed: \(needed)")
        }
    }
}

/// Something wrong with what the user gave, found while running.
struct InputError: Error, CustomStringConvertible {
    let description: String
}
