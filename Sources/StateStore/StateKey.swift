internal import Crypto
internal import Foundation
internal import Tokenizers

/// Where a state is filed: SHA-256 of its space's hash and its tokens.
enum StateKey {
    static func space(_ space: String) -> Data { Data(SHA256.hash(data: Data(space.utf8))) }

    static func key(_ space: Data, _ tokens: [TokenID]) -> Data { keys(space, tokens, counts: [tokens.count])[0] }

    /// The keys of beginnings of `tokens`, the shortest first.
    /// - Complexity: O(tokens), whatever the number of beginnings.
    static func keys(_ space: Data, _ tokens: [TokenID], counts: [Int]) -> [Data] {
        var hash = SHA256()
        hash.update(data: space)
        var done = 0
        return Set(counts).sorted().map { count in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(4 * (count - done))
            for token in tokens[done..<count] {
                withUnsafeBytes(of: token.littleEndian) { bytes.append(contentsOf: $0) }
            }
            hash.update(data: bytes)
            done = count
            return Data(hash.finalize())
        }
    }
}
