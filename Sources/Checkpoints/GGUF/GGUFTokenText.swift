/// The texts by which llama.cpp's “rwkv” tokenizer knows tokens: what Python's `repr` prints of the bytes, without quotes.
enum GGUFTokenText {
    /// The bytes that a text stands for. Like llama.cpp's reader it takes an unknown escape for the character itself.
    static func bytes(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < text.count else {
                result.append(byte)
                continue
            }
            let letter = text[index]
            index += 1
            switch letter {
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "x"):
                let digits = String(decoding: text[index..<min(index + 2, text.count)], as: UTF8.self)
                guard let value = UInt8(digits, radix: 16) else { continue }
                result.append(value)
                index += 2
            default: result.append(letter)
            }
        }
        return result
    }

    /// The text for a token's bytes.
    static func text(_ bytes: [UInt8]) -> [UInt8] {
        // Python delimits by double quotes, and escapes none, if there are single quotes only.
        let escapesQuote = bytes.contains(UInt8(ascii: "\""))
        return bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\\"): Array("\\\\".utf8)
            case UInt8(ascii: "'") where escapesQuote: Array("\\'".utf8)
            case 0x09: Array("\\t".utf8)
            case 0x0A: Array("\\n".utf8)
            case 0x0D: Array("\\r".utf8)
            case 0x20...0x7E: [byte]
            default: Array("\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            }
        }
    }
}

/// llama.cpp's kinds of tokens (`enum llama_token_type`).
enum GGUFTokenType {
    static let normal: Int32 = 1
    static let control: Int32 = 3
    static let unused: Int32 = 5

    /// The kinds that no text becomes.
    static let withoutText: Set<Int32> = [control, unused]
}
