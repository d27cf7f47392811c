extension Grammar {
    /// All JSON objects.
    public static var jsonObject: Grammar {
        var rules = jsonRules
        rules["root"] = .rule("object")
        return Grammar(rules: rules, root: "root")
    }

    /// The values of JSON (RFC 8259).
    ///
    /// Blanks and numbers are bounded, so that a text cannot go on for ever with what means nothing or is no number any
    /// more; escapes of surrogates are left out, for alone they are no characters.
    static var jsonRules: [String: Pattern] {
        let digit = Pattern.scalars([0x30...0x39])
        let hex = Pattern.scalars([0x30...0x39, 0x41...0x46, 0x61...0x66])
        let notSurrogate: Pattern = .choice([
            .sequence([.scalars([0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66]), hex, hex, hex]),
            .sequence([.scalars([0x44...0x44, 0x64...0x64]), .scalars([0x30...0x37]), hex, hex]),
        ])
        let escape: Pattern = .sequence([
            .text("\\"),
            .choice([
                .scalars("\"\\/bfnrt".unicodeScalars.map { $0.value...$0.value }),
                .sequence([.text("u"), notSurrogate]),
            ]),
        ])
        let integer: Pattern = .sequence([
            .optional(.text("-")),
            .choice([.text("0"), .sequence([.scalars([0x31...0x39]), .repeated(digit, min: 0, max: 15)])]),
        ])
        let fraction: Pattern = .sequence([.text("."), .repeated(digit, min: 1, max: 16)])
        let exponent: Pattern = .sequence([
            .scalars([0x45...0x45, 0x65...0x65]), .optional(.scalars([0x2B...0x2B, 0x2D...0x2D])),
            .repeated(digit, min: 1, max: 2),
        ])
        return [
            "blank": .optional(
                .choice([
                    .text(" "),
                    .sequence([.text("\n"), .repeated(.scalars([0x20...0x20, 0x09...0x09]), min: 0, max: 16)]),
                ])),
            "character": .choice([.scalars([0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF]), escape]),
            "string": .sequence([.text("\""), .repeated(.rule("character"), min: 0, max: nil), .text("\"")]),
            "integer": integer,
            "number": .sequence([integer, .optional(fraction), .optional(exponent)]),
            "boolean": .choice([.text("true"), .text("false")]),
            "null": .text("null"),
            "value": .choice(["string", "number", "object", "array", "boolean", "null"].map { .rule($0) }),
            "object": list("{", .rule("member"), "}"),
            "member": member(.rule("string"), .rule("value")),
            "array": list("[", .rule("value"), "]"),
        ]
    }

    /// A key and its value.
    static func member(_ key: Pattern, _ value: Pattern) -> Pattern {
        .sequence([key, .text(":"), .rule("blank"), value])
    }

    /// `open`, any number of items with commas between them, `close`.
    static func list(_ open: String, _ item: Pattern, _ close: String) -> Pattern {
        list(open, item, close, min: 0, max: nil)
    }

    static func list(_ open: String, _ item: Pattern, _ close: String, min: Int, max: Int?) -> Pattern {
        let more: Pattern = .sequence([.text(","), .rule("blank"), item])
        let some: Pattern = .sequence([
            .rule("blank"), item, .repeated(more, min: Swift.max(0, min - 1), max: max.map { $0 - 1 }), .rule("blank"),
        ])
        if max == 0 { return .text(open + close) }
        return .sequence([.text(open), min == 0 ? .optional(some) : some, .text(close)])
    }
}
