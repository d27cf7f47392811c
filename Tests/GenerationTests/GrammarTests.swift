import Foundation
import Generation
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Texts that random choices make under a grammar, with a tokenizer of bytes; `nil` if one did not come to its end.
private func sample(_ grammar: Grammar, seed: UInt64, limit: Int = 4000) throws -> String? {
    let tokenizer = ByteTokenizer()
    var constraint = try GrammarConstraint(grammar, tokenizer)
    var random = RandomNumbers(seed: seed)
    var bytes: [UInt8] = []
    while bytes.count < limit {
        if constraint.isComplete { return String(validating: bytes, as: UTF8.self) }
        // What ends things is likelier the longer the text is, so that it ends.
        var logits = (0..<256).map { _ in random.uniform(in: 0...1) }
        if bytes.count > 60 { for byte in "\"]}0e".utf8 { logits[Int(byte)] += Float(bytes.count) / 60 } }
        if bytes.count > 40 { for byte in "[{,".utf8 { logits[Int(byte)] -= 1 } }
        constraint.mask(&logits, stopTokens: [0])
        guard let best = logits.indices.max(by: { logits[$0] < logits[$1] }), logits[best] > -.infinity else {
            Issue.record("nothing can come next after \(String(decoding: bytes, as: UTF8.self))")
            return nil
        }
        if best == 0 { return String(validating: bytes, as: UTF8.self) }
        constraint.accept(TokenID(best))
        bytes.append(UInt8(best))
    }
    return nil
}

/// Whether a text is of a grammar.
private func accepts(_ grammar: Grammar, _ text: String) throws -> Bool {
    var constraint = try GrammarConstraint(grammar, ByteTokenizer())
    for byte in text.utf8 {
        var logits = [Float](repeating: 0, count: 256)
        constraint.mask(&logits, stopTokens: [])
        if logits[Int(byte)] != 0 { return false }
        constraint.accept(TokenID(byte))
    }
    return constraint.mayEnd
}

private func json(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
}

@Suite("Texts held to a grammar")
struct GrammarTests {
    @Test("of JSON parse, whatever is chosen", arguments: 0..<100)
    func everyObjectParses(seed: UInt64) throws {
        guard let text = try sample(.jsonObject, seed: seed) else { return }
        let value = try json(text)
        guard case .object = value else {
            Issue.record("\(text) is no object")
            return
        }
    }

    @Test("come to their end nearly always")
    func ends() throws {
        #expect(try (0..<50).count { try sample(.jsonObject, seed: UInt64($0)) != nil } > 45)
    }

    private static let schema = """
        {"type": "object", "properties": {
          "name": {"type": "string", "maxLength": 5}, "age": {"type": "integer"},
          "tags": {"type": "array", "items": {"enum": ["a", "b\\n", 3, null]}, "minItems": 1, "maxItems": 3},
          "next": {"anyOf": [{"$ref": "#/$defs/leaf"}, {"type": "null"}]}, "maybe": {"type": ["boolean", "number"]}},
         "required": ["name", "tags", "next"], "additionalProperties": false,
         "$defs": {"leaf": {"type": "object", "properties": {"leaf": {"$ref": "#/$defs/leaf"}, "v": {"const": 1}},
                            "required": ["v"], "additionalProperties": false}}}
        """

    @Test("of a schema are valid, whatever is chosen", arguments: 0..<100)
    func everyValueIsValid(seed: UInt64) throws {
        let grammar = try Grammar(jsonSchema: json(Self.schema))
        guard let text = try sample(grammar, seed: seed) else { return }
        guard case .object(let fields) = try json(text) else {
            Issue.record("\(text) is no object")
            return
        }
        #expect(Set(fields.keys).isSubset(of: ["name", "age", "tags", "next", "maybe"]))
        guard case .string(let name)? = fields["name"], case .array(let tags)? = fields["tags"] else {
            Issue.record("\(text) lacks what is required")
            return
        }
        #expect(name.unicodeScalars.count <= 5)
        #expect((1...3).contains(tags.count))
        #expect(tags.allSatisfy { [.string("a"), .string("b\n"), .number(3), .null].contains($0) })
        if let age = fields["age"] {
            guard case .number(let number) = age else { throw GrammarError.invalidSchema(path: text, needed: "age") }
            #expect(number == number.rounded())
        }
        if case .object(let leaf)? = fields["next"] { #expect(leaf["v"] == .number(1)) }
    }

    /// All bytes, and words that reach over the borders of what a grammar has.
    private func world() throws -> WorldTokenizer {
        let words = [
            " information", " info", "\":\"", "null}", "null", "((", ")));", "{\"name\":", "[[", "more more ", "},{",
            " and",
        ]
        let lines = (0..<256).map { "\($0 + 1) b'\\x\(String(format: "%02x", $0))' 1\n" }
        let more = words.enumerated().map { "\($0 + 257) '\($1)' \($1.utf8.count)\n" }
        return try WorldTokenizer(vocabulary: Array((lines + more).joined().utf8))
    }

    /// A text of random choices that may have so many tokens; `nil` if it did not come to its end.
    private func limited(
        _ machine: GrammarMachine, _ tokenizer: any Tokenizer, tokens: Int, seed: UInt64
    ) throws -> String? {
        var constraint = GrammarConstraint(machine)
        var random = RandomNumbers(seed: seed)
        var bytes: [UInt8] = []
        for written in 0..<tokens where !constraint.isComplete {
            var logits = (0..<tokenizer.vocabularySize).map { _ in random.uniform(in: 0...1) }
            constraint.mask(&logits, stopTokens: [0], tokensLeft: tokens - written)
            guard let best = logits.indices.max(by: { logits[$0] < logits[$1] }), logits[best] > -.infinity else {
                Issue.record("nothing can come next after \(String(decoding: bytes, as: UTF8.self))")
                return nil
            }
            if best == 0 { break }
            constraint.accept(TokenID(best))
            bytes += tokenizer.bytes(of: TokenID(best)) ?? []
        }
        return constraint.mayEnd ? String(validating: bytes, as: UTF8.self) : nil
    }

    @Test("come to their end within a number of tokens, where it is enough for the shortest")
    func endsInTime() throws {
        let nested = #"""
            root ::= list | "never" endless
            list ::= "(" (list | number) ("," (list | number))* ")" ";"
            number ::= [1-9] [0-9]* "." [0-9]{3} | "é"
            endless ::= "more " endless
            """#
        // `{"name":"","tags":[3],"next":null}` has 34 bytes, `(é);` has 5; tokens of several bytes make them shorter.
        let grammars: [(grammar: Grammar, bytes: Int)] = [
            (try Grammar(jsonSchema: json(Self.schema)), 34), (.jsonObject, 2), (try Grammar(gbnf: nested), 5),
        ]
        let world = try world()
        for (grammar, shortest) in grammars {
            for tokenizer in [ByteTokenizer(), world] as [any Tokenizer] {
                let machine = try GrammarMachine(grammar, TokenLexicon(tokenizer))
                for tokens in [shortest, shortest + 1, shortest + 7, 60] {
                    for seed: UInt64 in 0..<30 {
                        let text = try limited(machine, tokenizer, tokens: tokens, seed: seed)
                        let isOfTheGrammar = try text.map { try accepts(grammar, $0) } ?? false
                        #expect(isOfTheGrammar, "\(tokens) tokens, seed \(seed): \(text ?? "no end")")
                    }
                }
            }
        }
        // What has no end in time is not cut short before its time.
        let machine = try GrammarMachine(.jsonObject, TokenLexicon(ByteTokenizer()))
        #expect(try limited(machine, ByteTokenizer(), tokens: 1, seed: 1) == nil)
    }

    @Test("need no more tokens than their words")
    func shortestInTokens() throws {
        let tokenizer = try world()
        let grammar = try Grammar(gbnf: #"root ::= " information" | " information" " and knowledge""#)
        let machine = try GrammarMachine(grammar, TokenLexicon(tokenizer))
        for seed: UInt64 in 0..<5 {
            #expect(try limited(machine, tokenizer, tokens: 1, seed: seed) == " information")
        }
    }

    @Test("are what a schema allows and nothing else")
    func schemaTexts() throws {
        let grammar = try Grammar(jsonSchema: json(Self.schema))
        #expect(try accepts(grammar, #"{"name": "Ann", "tags": ["a"], "next": null}"#))
        let nested = #"{"name":"Ann","tags":["a",3],"next":{"v":1,"leaf":{"v":1}},"age":7}"#
        #expect(try accepts(grammar, nested))
        #expect(try !accepts(grammar, #"{"name": "Ann", "tags": [], "next": null}"#))
        #expect(try !accepts(grammar, #"{"name": "Annabel", "tags": ["a"], "next": null}"#))
        #expect(try !accepts(grammar, #"{"tags": ["a"], "next": null}"#))
        #expect(try !accepts(grammar, #"{"name": "Ann", "tags": ["a"], "next": null, "other": 1}"#))
        #expect(try accepts(Grammar(jsonSchema: json(#"{"type":"object"}"#)), #"{"x": [1, {"y": "\u00e9"}]}"#))
        let optional = try Grammar(jsonSchema: json(#"{"properties":{"a":{"type":"null"},"b":{"type":"null"}}}"#))
        for text in ["{}", #"{"a":null}"#, #"{"b":null}"#, #"{"a":null,"b":null}"#] {
            #expect(try accepts(optional, text), "\(text)")
        }
        #expect(try !accepts(optional, #"{,"b":null}"#))
        #expect(try accepts(Grammar(jsonSchema: json(#"{"type":"integer"}"#)).afterBlank, " -12"))
    }

    @Test(
        "are refused where a schema asks for more than can be held",
        arguments: [
            (#"{"type":"string","pattern":"a+"}"#, GrammarError.unsupportedKeyword(keyword: "pattern", path: "#")),
            (
                #"{"type":"object","properties":{"a":{"minimum":1}}}"#,
                .unsupportedKeyword(keyword: "minimum", path: "#/properties/a")
            ),
            (##"{"$ref":"#/$defs/none"}"##, .unresolvedReference(reference: "#/$defs/none")),
            (#"{"type":"text"}"#, .invalidSchema(path: "#/type", needed: "a type of JSON; it is “text”")),
        ])
    func badSchemas(text: String, error: GrammarError) throws {
        #expect(throws: error) { try Grammar(jsonSchema: json(text)) }
    }

    @Test("follow GBNF")
    func gbnf() throws {
        let grammar = try Grammar(
            gbnf: #"""
                # an answer
                root   ::= answer ("," " "? answer)*
                answer ::= "yes" | "no" |
                           number
                number ::= [1-9] [0-9]{0,2} | "\x30" | [^\x00-\x7F]
                """#)
        for text in ["yes", "no,yes", "12, 7", "0", "é", "你,😀", "123"] {
            #expect(try accepts(grammar, text), "\(text)")
        }
        for text in ["", "yes,", "00", "1234", "a", "no,  yes"] { #expect(try !accepts(grammar, text), "\(text)") }
    }

    @Test(
        "are refused where GBNF is broken, with its line",
        arguments: [
            ("root ::= \"a", GrammarError.syntax(line: 1, found: "its end", needed: "“\"”")),
            ("root ::= a\n", .missingRule(name: "a")), ("a ::= \"x\"", .missingRule(name: "root")),
            ("root ::= \"x\"\nroot ::= \"y\"", .duplicateRule(name: "root")),
            ("root ::= a\na ::= a \"x\" | \"y\"", .leftRecursion(rule: "a")),
            ("root ::= b\nb ::= \" \"? b | \"y\"", .leftRecursion(rule: "b")),
            ("root ::= \"x\"\n!", .syntax(line: 2, found: "“!”", needed: "the name of a rule")),
            ("root ::= ((((\"a\"{9000}){9000})))", .tooLarge(limit: 100_000)),
        ])
    func badGrammars(text: String, error: GrammarError) throws {
        #expect(throws: error) { try GrammarConstraint(Grammar(gbnf: text), ByteTokenizer()) }
    }

    @Test("of a model parse, with any tokens and in a batch", arguments: 0..<6)
    func model(seed: UInt64) async throws {
        let engine = BatchEngine(threadCount: 1)
        var parameters = SamplingParameters.unfiltered
        parameters.seed = seed
        var request = GenerationRequest(
            try randomByteModel(seed: seed), ByteTokenizer(), tokens: [1, 2, 3],
            answers: [parameters, parameters, .greedy])
        let schema = #"{"properties":{"n":{"type":"integer"},"s":{"enum":["x","y"]}},"required":["n","s"]}"#
        let grammar = try Grammar(jsonSchema: json(schema))
        request.constraint = try GrammarConstraint(grammar, ByteTokenizer())
        request.maximumTokens = 200
        var texts = [String](repeating: "", count: 3)
        for try await event in try engine.submit(request) {
            switch event {
            case .wrote(let index, let tokens): texts[index] += tokens.text
            case .ended(_, let end): #expect(end.reason == .constraint)
            case .read: break
            }
        }
        for text in texts { #expect(try accepts(grammar, text), "\(text)") }
        #expect(texts[0] == texts[1])
    }
}

@Suite("UTF-8 of ranges")
struct UTF8RangeTests {
    @Test("a set of characters is taken byte by byte, and no other is")
    func ranges() throws {
        let grammar = try Grammar(gbnf: "root ::= [\\u00e0-\\u0905\\U0001F600-\\U0001F64F]")
        for value: UInt32 in [0x61, 0xDF, 0xE0, 0x7FF, 0x800, 0x905, 0x906, 0xFFFF, 0x1F600, 0x1F64F, 0x1F650] {
            let scalar = try #require(Unicode.Scalar(value))
            let isIn = (0xE0...0x905).contains(value) || (0x1F600...0x1F64F).contains(value)
            #expect(try accepts(grammar, String(Character(scalar))) == isIn, "\(String(value, radix: 16))")
        }
    }
}
