/// A model repository on a hub, and perhaps one file in it: `OWNER/NAME` or `OWNER/NAME/FILE`.
public struct HubReference: Hashable, Sendable {
    public let owner: String
    public let name: String
    /// The file's path in the repository.
    public let file: String?

    /// - Throws: `HubError.invalidReference` for anything else; no part may lead out of its folder.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, Self.isName(parts[0]), Self.isName(parts[1]) else { throw .invalidReference(text) }
        (owner, name) = (parts[0], parts[1])
        file = parts.count == 3 ? parts[2] : nil
        if let file, !SafePath.isSafe(file) { throw .invalidReference(text) }
    }

    /// `OWNER/NAME`.
    public var repository: String { "\(owner)/\(name)" }

    /// The hub's own rule: letters, digits, and `-_.` in between.
    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 96 && text.first != "." && text.first != "-" && !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

/// Which paths from a server may be used below a folder of ours.
package enum SafePath {
    /// Whether `path` is relative, leads nowhere but down, and holds nothing that a file system or terminal mistakes.
    package static func isSafe(_ path: String) -> Bool {
        guard !path.isEmpty, path.utf8.count <= 1024 else { return false }
        for scalar in path.unicodeScalars {
            if scalar == "\\" { return false }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: return false
            default: break
            }
        }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 200
        }
    }

    /// `path` with everything but the plainest characters percent-encoded; slashes stay if `keepsSlashes`.
    package static func encoded(_ path: String, keepsSlashes: Bool) -> String {
        let digits = Array("0123456789ABCDEF")
        return path.utf8.reduce(into: "") { text, byte in
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: "~"):
                    true
                case UInt8(ascii: "/"): keepsSlashes
                default: false
                }
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
