/// The simple members of a JSON object, such as the settings of a pre-tokeniser.
struct JSONSettings {
    /// A value without structure.
    enum Value: Equatable {
        case null
        case boolean(Bool)
        case number(String)
        case text([UInt8])
        /// An object or an array, which was skipped.
        case structure
    }

    private let part: String
    private var values: [String: Value] = [:]

    /// The members of the object that comes next in `json`, or `nil` if `null` does.
    /// - Parameter part: The object's name in messages.
    init?(_ part: String, from json: inout JSONReader) throws(TokenizerError) {
        self.part = part
        switch try json.peek() {
        case .object: break
        case .literal:
            if try json.literal() == nil { return nil }
            throw .wrongKind(part: part, expected: "an object or null")
        default: throw .wrongKind(part: part, expected: "an object or null")
        }
        try json.beginObject()
        while let key = try json.nextKey() {
            values[String(decoding: key, as: UTF8.self)] = try Value(from: &json)
        }
    }

    /// A text that must be there.
    func text(_ name: String) throws(TokenizerError) -> [UInt8] {
        guard let value = values[name] else { throw .missingPart("\(part).\(name)") }
        guard case .text(let text) = value else { throw .wrongKind(part: "\(part).\(name)", expected: "a string") }
        return text
    }

    /// An integer that must be there.
    func integer(_ name: String) throws(TokenizerError) -> Int {
        guard let value = values[name] else { throw .missingPart("\(part).\(name)") }
        guard case .number(let text) = value, let integer = Int(text) else {
            throw .wrongKind(part: "\(part).\(name)", expected: "an integer")
        }
        return integer
    }

    /// A truth value; `nil` if it is missing.
    func boolean(_ name: String) throws(TokenizerError) -> Bool? {
        guard let value = values[name] else { return nil }
        guard case .boolean(let flag) = value else {
            throw .wrongKind(part: "\(part).\(name)", expected: "true or false")
        }
        return flag
    }

    /// Refuses any other value than this one.
    func require(_ name: String, _ supported: String) throws(TokenizerError) {
        let found = try text(name)
        guard found == Array(supported.utf8) else {
            throw .unsupported(part: part, found: String(decoding: found, as: UTF8.self), supported: supported)
        }
    }

    /// Refuses any other value than this one, which is also what a missing member means.
    func require(_ name: String, _ supported: Bool, orMissing: Bool) throws(TokenizerError) {
        guard let found = try boolean(name) else {
            if orMissing { return }
            throw .missingPart("\(part).\(name)")
        }
        if found != supported {
            throw .unsupported(part: "\(part).\(name)", found: "\(found)", supported: "\(supported)")
        }
    }
}

extension JSONSettings.Value {
    init(from json: inout JSONReader) throws(TokenizerError) {
        switch try json.peek() {
        case .string: self = .text(try json.string())
        case .number: self = .number(try json.number().text)
        case .literal: self = try json.literal().map { .boolean($0) } ?? .null
        case .object, .array:
            try json.skipValue()
            self = .structure
        }
    }

    /// Refuses values of a member of `model` that change how words are encoded.
    func requireSupported(_ name: String) throws(TokenizerError) {
        let isSupported =
            switch (name, self) {
            case ("type", .text(let type)): type == Array("BPE".utf8)
            case ("dropout", .number(let text)): Double(text) == 0
            case ("continuing_subword_prefix", .text(let text)), ("end_of_word_suffix", .text(let text)): text.isEmpty
            case ("byte_fallback", .boolean(let flag)), ("ignore_merges", .boolean(let flag)): !flag
            case (_, .null): name != "type"
            default: false
            }
        if isSupported { return }
        let supported = name == "type" ? "BPE" : "null, or what stands for nothing"
        throw .unsupported(part: "model.\(name)", found: description, supported: supported)
    }

    private var description: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .number(let text): text
        case .text(let text): String(decoding: text, as: UTF8.self)
        case .structure: "an object or an array"
        }
    }
}
