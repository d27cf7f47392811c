internal import Crypto

/// What says whether a file is the one that was listed.
public enum ContentDigest: Hashable, Sendable {
    /// SHA-256 of the bytes, in hexadecimal: what Git LFS calls a file.
    case sha256(String)
    /// SHA-1 of `blob {size}\0` and the bytes, in hexadecimal: what Git calls a file that is small enough for it.
    case gitBlob(String)

    /// - Returns: `nil` if `text` is not of the right length and alphabet.
    package init?(sha256 text: String) {
        guard isHexadecimal(text, count: 64) else { return nil }
        self = .sha256(text.lowercased())
    }

    /// - Returns: `nil` if `text` is not of the right length and alphabet.
    package init?(gitBlob text: String) {
        guard isHexadecimal(text, count: 40) else { return nil }
        self = .gitBlob(text.lowercased())
    }
}

extension ContentDigest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .sha256(let text): "SHA-256 \(text)"
        case .gitBlob(let text): "Git blob \(text)"
        }
    }
}

/// Computes digests of bytes that come piece by piece.
package struct ContentHasher {
    private var sha256 = SHA256()
    private var gitBlob = Insecure.SHA1()

    // It costs more than SHA-256, which processors have instructions for.
    private let needsGitBlob: Bool

    /// For a file whose digest is to be compared with `expected`.
    /// - Parameter byteCount: The size of the whole, which Git's digest begins with.
    package init(expected: ContentDigest?, byteCount: Int?) {
        needsGitBlob = if case .gitBlob = expected { true } else { false }
        gitBlob.update(data: Array("blob \(byteCount ?? 0)\0".utf8))
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256.update(bufferPointer: bytes)
        if needsGitBlob { gitBlob.update(bufferPointer: bytes) }
    }

    /// The digest of the same kind as `expected`; SHA-256 if there is none.
    package func digest(like expected: ContentDigest?) -> ContentDigest {
        if case .gitBlob = expected { return .gitBlob(hexadecimal(gitBlob.finalize())) }
        return .sha256(hexadecimal(sha256.finalize()))
    }

    /// SHA-256 in hexadecimal.
    package var sha256Text: String { hexadecimal(sha256.finalize()) }
}

func isHexadecimal(_ text: String, count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return bytes.reduce(into: "") { text, byte in
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
}
