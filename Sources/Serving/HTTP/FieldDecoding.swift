// Foundation's decoder tells of a number that does not fit its type, and of a text that is not Unicode, with an error of its
// own. That has no path and reaches the caller as “not valid JSON”. Here it becomes one that names the field.

extension KeyedDecodingContainer {
    /// A field's value; `nil` if it is left out or null.
    func field<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try naming(key, type) { try decodeIfPresent(type, forKey: key) }
    }

    /// The value of a field that must be there.
    func requiredField<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value {
        try naming(key, type) { try decode(type, forKey: key) }
    }

    private func naming<Value>(_ key: Key, _ type: Any.Type, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DecodingError {
            throw error
        } catch {
            let number = try? decode(Double.self, forKey: key)
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "“\(key.stringValue)” \(JSONMisfit.text(type, number))")
        }
    }
}

extension SingleValueDecodingContainer {
    /// The value if it is of this type; `nil` if it is of another.
    func attempt<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        do {
            return try decode(type)
        } catch is DecodingError {
            return nil
        } catch {
            let name = codingPath.last?.stringValue ?? "the value"
            throw DecodingError.dataCorruptedError(
                in: self, debugDescription: "“\(name)” \(JSONMisfit.text(type, nil))")
        }
    }
}

/// What is wrong with a value of the right kind.
private enum JSONMisfit {
    /// - Parameter number: The value, if it is a number that a `Double` holds.
    static func text(_ type: Any.Type, _ number: Double?) -> String {
        if type is any FixedWidthInteger.Type {
            if let number, number != number.rounded() { return "must be a whole number" }
            return (number ?? 0) < 0 ? "is too small" : "is too large"
        }
        if type is any BinaryFloatingPoint.Type { return "is too large" }
        let broken = "not valid Unicode: it has bytes that are not UTF-8, or half of a surrogate pair"
        if type is String.Type { return "is \(broken)" }
        if type is [String].Type { return "has a text that is \(broken)" }
        return "has a number that does not fit, such as a fraction for a whole number, or a text that is \(broken)"
    }
}

/// Any JSON, whatever it holds.
struct AnyJSON: Decodable {
    init(from decoder: any Decoder) {}
}

/// What those who write JSON call a type of Swift.
func nameInJSON(_ type: Any.Type) -> String {
    if type is String.Type { return "a text" }
    if type is Bool.Type { return "true or false" }
    if type is any FixedWidthInteger.Type { return "a whole number" }
    if type is any BinaryFloatingPoint.Type { return "a number" }
    // The decoder names `[Any]` and `[String: Any]`.
    let name = "\(type)"
    if name.hasPrefix("Array") { return "an array" }
    if name.hasPrefix("Dictionary") { return "an object" }
    return "of another kind"
}
