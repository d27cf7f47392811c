/// How often each token was generated, older occurrences counting less: what repetition penalties are made of.
///
/// As in `generate` of the official package: before a token is counted, every count is multiplied by the decay; then
/// the token's own count grows by one. A token that is not counted (see ``isCounted(_:)``) is recorded with what it
/// has, so that the presence penalty falls on it and the frequency penalty does not. The prompt is not counted.
public struct OccurrenceCounts: Sendable, Equatable {
    /// The tokens generated so far, in order of their first appearance.
    public private(set) var tokens: [Int] = []
    /// The decayed number of occurrences of each of ``tokens``.
    public private(set) var counts: [Double] = []
    private var positions: [Int: Int] = [:]

    /// No token was generated yet.
    public init() {}

    /// The decayed number of times that `token` was generated, or `nil` if it never was.
    public subscript(token: Int) -> Double? { positions[token].map { counts[$0] } }

    /// Lets all counts decay, then records `token`.
    /// - Complexity: O(number of different tokens so far).
    public mutating func record(_ token: Int, counted: Bool = true, decay: Double) {
        for i in counts.indices { counts[i] *= decay }
        let position = positions[token, default: tokens.count]
        if position == tokens.count {
            positions[token] = position
            tokens.append(token)
            counts.append(0)
        }
        if counted { counts[position] += 1 }
    }

    /// Whether a token with these bytes is counted: it is not if they occur, in this order, within space, tab and the
    /// digits 0 to 9, so that numbers and indentation can repeat.
    ///
    ///     " ", "7", "12", "\t0" and "" are not counted; "21", "  " and "a" are.
    public static func isCounted(_ bytes: some Collection<UInt8>) -> Bool {
        let exempt = Array(" \t0123456789".utf8)
        guard bytes.count <= exempt.count else { return true }
        return !(0...exempt.count - bytes.count).contains { exempt[$0...].starts(with: bytes) }
    }

    /// Subtracts `presence + frequency · count` from the logit of every token generated so far.
    func penalize(_ logits: inout [Float], presence: Double, frequency: Double) throws(SamplingError) {
        for (token, count) in zip(tokens, counts) {
            guard logits.indices.contains(token) else {
                throw .tokenOutsideVocabulary(token: token, vocabularySize: logits.count)
            }
            logits[token] -= Float(presence + frequency * count)
        }
    }
}

extension OccurrenceCounts: Codable {
    private enum CodingKeys: String, CodingKey { case tokens, counts }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        tokens = try values.decode([Int].self, forKey: .tokens)
        counts = try values.decode([Double].self, forKey: .counts)
        positions = Dictionary(zip(tokens, tokens.indices)) { first, _ in first }
        guard positions.count == tokens.count, counts.count == tokens.count, tokens.allSatisfy({ $0 >= 0 }) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "needed one count for each of the different tokens"))
        }
    }
}
