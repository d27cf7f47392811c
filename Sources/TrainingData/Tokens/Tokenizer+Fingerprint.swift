internal import Tokenizers

extension Tokenizer {
    /// A number that tokenizers which encode differently hardly ever share.
    var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add(String(describing: Self.self))
        if let pairs = self as? BytePairTokenizer {
            pairs.tokenizerJSON.withUnsafeBytes { fingerprint.add($0) }
        } else {
            for token in 0..<TokenID(clamping: vocabularySize) {
                (bytes(of: token) ?? []).withUnsafeBytes { fingerprint.add($0) }
            }
        }
        return fingerprint.value
    }
}
