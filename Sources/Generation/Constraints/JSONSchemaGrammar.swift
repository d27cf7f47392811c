extension Grammar {
    /// The JSON texts that a schema allows, or some of them: every text of the grammar is valid.
    ///
    /// Supported: `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `minItems`,
    /// `maxItems`, `minLength`, `maxLength`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` of one, `$ref` within the schema.
    /// Members come in the order of `required`, then the others by name; without `additionalProperties` there are no others
    /// than those named. `format` and descriptions are ignored; other keywords that restrict values are refused.
    /// - Throws: `GrammarError`: `unsupportedKeyword`, `invalidSchema`, `unresolvedReference`.
    public init(jsonSchema schema: JSONValue) throws(GrammarError) {
        var builder = SchemaGrammar(schema)
        let start = try builder.pattern(schema, "#")
        rules = builder.rules
        root = "root"
        // A model may begin an answer with a blank, which is the format's.
        rules[root] = start
    }

    /// The grammar's texts with a text before and one after each.
    public func enclosed(_ before: String, _ after: String) -> Grammar {
        var rules = self.rules
        rules["enclosed root"] = .sequence([.text(before), .rule(root), .text(after)])
        return Grammar(rules: rules, root: "enclosed root")
    }

    /// The same texts, with or without a blank before them: answers of a chat begin with one.
    public var afterBlank: Grammar {
        var rules = self.rules
        rules["blank root"] = .sequence([.optional(.text(" ")), .rule(root)])
        return Grammar(rules: rules, root: "blank root")
    }
}

/// Makes rules of a schema's parts.
private struct SchemaGrammar {
    typealias Pattern = Grammar.Pattern

    private(set) var rules = Grammar.jsonRules
    private let whole: JSONValue
    private var references: [String: String] = [:]
    private var count = 0
    private var depth = 0

    private static let ignored: Set<String> = [
        "title", "description", "default", "examples", "format", "$schema", "$id", "$comment", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly", "strict", "name",
    ]
    private static let known: Set<String> = [
        "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
        "minLength", "maxLength", "enum", "const", "anyOf", "oneOf", "allOf", "$ref",
    ]

    init(_ schema: JSONValue) { whole = schema }

    mutating func pattern(_ schema: JSONValue, _ path: String) throws(GrammarError) -> Pattern {
        if case .bool(true) = schema { return .rule("value") }
        guard case .object(let fields) = schema else { throw .invalidSchema(path: path, needed: "an object") }
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else { throw .invalidSchema(path: path, needed: "less deeply nested") }
        for keyword in fields.keys.sorted() where !Self.known.contains(keyword) && !Self.ignored.contains(keyword) {
            throw .unsupportedKeyword(keyword: keyword, path: path)
        }
        if case .string(let reference)? = fields["$ref"] { return .rule(try rule(for: reference)) }
        if let value = fields["const"] { return .text(try text(value)) }
        if let values = fields["enum"] {
            guard case .array(let values) = values, !values.isEmpty else {
                throw .invalidSchema(path: path + "/enum", needed: "a list of values")
            }
            var ways: [Pattern] = []
            for value in values { ways.append(.text(try text(value))) }
            return .choice(ways)
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            guard let parts = fields[keyword] else { continue }
            guard case .array(let parts) = parts, !parts.isEmpty else {
                throw .invalidSchema(path: "\(path)/\(keyword)", needed: "a list of schemas")
            }
            if keyword == "allOf", parts.count > 1 {
                throw .unsupportedKeyword(keyword: "allOf of several", path: path)
            }
            if fields["properties"] != nil {
                throw .unsupportedKeyword(keyword: "\(keyword) beside properties", path: path)
            }
            var ways: [Pattern] = []
            for (index, part) in parts.enumerated() { ways.append(try pattern(part, "\(path)/\(keyword)/\(index)")) }
            return .choice(ways)
        }
        switch fields["type"] {
        case .string(let type)?: return try pattern(ofType: type, fields, path)
        case .array(let types)?:
            var ways: [Pattern] = []
            for type in types {
                guard case .string(let name) = type else { throw .invalidSchema(path: path + "/type", needed: "names") }
                ways.append(try pattern(ofType: name, fields, path))
            }
            return .choice(ways)
        case nil:
            if fields["properties"] != nil { return try object(fields, path) }
            if fields["items"] != nil || fields["prefixItems"] != nil { return try array(fields, path) }
            return .rule("value")
        default: throw .invalidSchema(path: path + "/type", needed: "a name or a list of names")
        }
    }

    private mutating func pattern(
        ofType type: String, _ fields: [String: JSONValue], _ path: String
    ) throws(GrammarError) -> Pattern {
        switch type {
        case "object": return try object(fields, path)
        case "array": return try array(fields, path)
        case "string":
            let least = try bound(fields["minLength"], path + "/minLength") ?? 0
            let most = try bound(fields["maxLength"], path + "/maxLength")
            if least == 0, most == nil { return .rule("string") }
            try check(least, most, path)
            return .sequence([.text("\""), .repeated(.rule("character"), min: least, max: most), .text("\"")])
        case "integer", "number", "boolean", "null": return .rule(type)
        default: throw .invalidSchema(path: path + "/type", needed: "a type of JSON; it is “\(type)”")
        }
    }

    private mutating func object(_ fields: [String: JSONValue], _ path: String) throws(GrammarError) -> Pattern {
        var properties: [String: JSONValue] = [:]
        if let given = fields["properties"] {
            guard case .object(let found) = given else {
                throw .invalidSchema(path: path + "/properties", needed: "an object")
            }
            properties = found
        }
        var required: [String] = []
        if let given = fields["required"] {
            guard case .array(let names) = given else {
                throw .invalidSchema(path: path + "/required", needed: "a list")
            }
            for name in names {
                guard case .string(let name) = name else {
                    throw .invalidSchema(path: path + "/required", needed: "names")
                }
                if !required.contains(name) { required.append(name) }
            }
        }
        var members: [(pattern: Pattern, isRequired: Bool)] = []
        for name in required + properties.keys.filter({ !required.contains($0) }).sorted() {
            let value = try properties[name].map { schema throws(GrammarError) in
                try pattern(schema, "\(path)/properties/\(name)")
            }
            members.append(
                (Grammar.member(.text(quoted(name)), value ?? .rule("value")), required.contains(name)))
        }
        let others = try self.others(fields["additionalProperties"], path, hasProperties: !members.isEmpty)
        if members.isEmpty {
            return others.map { Grammar.list("{", Grammar.member(.rule("string"), $0), "}") } ?? .text("{}")
        }
        return .sequence([.text("{"), .rule("blank"), .rule(addMembers(members, others)), .rule("blank"), .text("}")])
    }

    /// What members beside those named may be; `nil` if there are none.
    private mutating func others(
        _ given: JSONValue?, _ path: String, hasProperties: Bool
    ) throws(GrammarError) -> Pattern? {
        switch given {
        case nil: hasProperties ? nil : .rule("value")
        case .bool(let allowed)?: allowed ? .rule("value") : nil
        case let schema?: try pattern(schema, path + "/additionalProperties")
        }
    }

    /// Rules for the members from each on, with and without one before: as many rules as there are members, where writing
    /// the choices out would take 2ⁿ.
    private mutating func addMembers(_ members: [(pattern: Pattern, isRequired: Bool)], _ others: Pattern?) -> String {
        let name = newName("members")
        let comma: Pattern = .sequence([.text(","), .rule("blank")])
        for hasOneBefore in [false, true] {
            let rest: Pattern
            if let others {
                let member = Grammar.member(.rule("string"), others)
                let more: Pattern = .repeated(.sequence([comma, member]), min: 0, max: nil)
                rest = hasOneBefore ? more : .optional(.sequence([member, more]))
            } else {
                rest = .sequence([])
            }
            rules["\(name)-\(members.count)-\(hasOneBefore)"] = rest
            for (index, member) in members.enumerated() {
                let own: Pattern = .sequence(
                    (hasOneBefore ? [comma] : []) + [member.pattern, .rule("\(name)-\(index + 1)-true")])
                rules["\(name)-\(index)-\(hasOneBefore)"] =
                    member.isRequired ? own : .choice([own, .rule("\(name)-\(index + 1)-\(hasOneBefore)")])
            }
        }
        return "\(name)-0-false"
    }

    private mutating func array(_ fields: [String: JSONValue], _ path: String) throws(GrammarError) -> Pattern {
        let least = try bound(fields["minItems"], path + "/minItems") ?? 0
        let most = try bound(fields["maxItems"], path + "/maxItems")
        try check(least, most, path)
        if case .array(let parts)? = fields["prefixItems"] {
            var items: [Pattern] = [.text("["), .rule("blank")]
            for (index, part) in parts.enumerated() {
                if index > 0 { items += [.text(","), .rule("blank")] }
                items.append(try pattern(part, "\(path)/prefixItems/\(index)"))
            }
            guard least <= parts.count, most.map({ $0 >= parts.count }) ?? true else {
                throw .unsupportedKeyword(
                    keyword: "minItems or maxItems other than the number of prefixItems", path: path)
            }
            return .sequence(items + [.rule("blank"), .text("]")])
        }
        let item = try fields["items"].map { schema throws(GrammarError) in try pattern(schema, path + "/items") }
        return Grammar.list("[", item ?? .rule("value"), "]", min: least, max: most)
    }

    /// The rule for what a reference leads to; made once, so that a schema may refer to itself.
    private mutating func rule(for reference: String) throws(GrammarError) -> String {
        if let known = references[reference] { return known }
        guard reference.hasPrefix("#") else { throw .unresolvedReference(reference: reference) }
        var target = whole
        for part in reference.dropFirst().split(separator: "/") {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            let next: JSONValue? =
                switch target {
                case .object(let fields): fields[key]
                case .array(let items): Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil }
                default: nil
                }
            guard let next else { throw .unresolvedReference(reference: reference) }
            target = next
        }
        let name = newName("reference")
        references[reference] = name
        rules[name] = try pattern(target, reference)
        return name
    }

    private mutating func newName(_ kind: String) -> String {
        count += 1
        return "\(kind)-\(count)"
    }

    private func bound(_ value: JSONValue?, _ path: String) throws(GrammarError) -> Int? {
        guard let value else { return nil }
        guard case .number(let number) = value, let count = Int(exactly: number), (0...10_000).contains(count) else {
            throw .invalidSchema(path: path, needed: "a whole number from 0 to 10000")
        }
        return count
    }

    private func check(_ least: Int, _ most: Int?, _ path: String) throws(GrammarError) {
        if let most, most < least {
            throw .invalidSchema(path: path, needed: "satisfiable: \(least) to \(most) are none")
        }
    }

    /// A value as compact JSON.
    private func text(_ value: JSONValue) throws(GrammarError) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return "\(bool)"
        case .number(let number): return Int(exactly: number).map { "\($0)" } ?? "\(number)"
        case .string(let string): return quoted(string)
        case .array(let items):
            var parts: [String] = []
            for item in items { parts.append(try text(item)) }
            return "[" + parts.joined(separator: ",") + "]"
        case .object(let fields):
            var parts: [String] = []
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                parts.append(quoted(name) + ":" + (try text(value)))
            }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
