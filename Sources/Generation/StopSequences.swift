/// Watches a stream of bytes for any of several stop sequences, wherever the borders between tokens fall.
///
/// Bytes that may be the beginning of a stop sequence are held back until it is clear that they are not, so nothing of
/// a stop sequence is ever shown. The match that starts first wins, and of those the longest one: with "end" and
/// "ending", "end" is reported only once the next byte, or the end of the stream, has excluded "ending".
///
///     var stops = try StopSequences(["\n\n", "User:"])
///     let part = stops.append(bytes)      // show part.text; stop if part.match is there
///     let rest = stops.finish()           // what was held back, when the model stops by itself
public struct StopSequences: Sendable {
    /// A stop sequence that was found.
    public struct Match: Sendable, Equatable {
        /// Which of the sequences it was, by its place in the list given to `init`.
        public let index: Int
        /// The bytes received after it.
        public let remainder: [UInt8]

        package init(index: Int, remainder: [UInt8]) {
            self.index = index
            self.remainder = remainder
        }
    }

    /// What became clear with the latest bytes.
    public struct Output: Sendable, Equatable {
        /// Bytes before any stop sequence, not given out before.
        public let text: [UInt8]
        /// The stop sequence that follows `text`, if one did.
        public let match: Match?

        package init(text: [UInt8], match: Match?) {
            self.text = text
            self.match = match
        }
    }

    private let sequences: [[UInt8]]
    private var pending: [UInt8] = []
    /// The sequence that was found, if any; after it, further bytes are ignored.
    public private(set) var matchedIndex: Int?

    /// - Parameter sequences: The stop sequences as bytes; of equal ones the first is reported.
    /// - Throws: ``SamplingError/emptyStopSequence(index:)``.
    public init(_ sequences: [[UInt8]]) throws(SamplingError) {
        if let index = sequences.firstIndex(where: \.isEmpty) { throw .emptyStopSequence(index: index) }
        self.sequences = sequences
    }

    /// - Parameter sequences: The stop sequences, matched as their UTF-8 bytes.
    /// - Throws: ``SamplingError/emptyStopSequence(index:)``.
    public init(_ sequences: [String]) throws(SamplingError) {
        try self.init(sequences.map { Array($0.utf8) })
    }

    /// Takes the bytes of the next token; returns those that may be shown now, and the match if there is one.
    /// - Complexity: O((bytes + longest sequence) · total length of the sequences) at worst; usually one comparison per
    ///   byte and sequence.
    public mutating func append(_ bytes: some Sequence<UInt8>) -> Output {
        guard matchedIndex == nil else { return Output(text: [], match: nil) }
        pending.append(contentsOf: bytes)
        return scan(mayGrow: true)
    }

    /// Ends the stream: returns what was held back, or the match that was still waiting to become a longer one.
    public mutating func finish() -> Output {
        guard matchedIndex == nil else { return Output(text: [], match: nil) }
        return scan(mayGrow: false)
    }

    private mutating func scan(mayGrow: Bool) -> Output {
        for start in pending.indices {
            let rest = pending[start...]
            if mayGrow && sequences.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) {
                return Output(text: release(start), match: nil)
            }
            if let index = longestMatch(in: rest) {
                let remainder = Array(rest.dropFirst(sequences[index].count))
                matchedIndex = index
                defer { pending = [] }
                return Output(text: release(start), match: Match(index: index, remainder: remainder))
            }
        }
        return Output(text: release(pending.count), match: nil)
    }

    private func longestMatch(in bytes: ArraySlice<UInt8>) -> Int? {
        var longest: Int?
        for (index, sequence) in sequences.enumerated() where bytes.starts(with: sequence) {
            if sequence.count > longest.map({ sequences[$0].count }) ?? 0 { longest = index }
        }
        return longest
    }

    private mutating func release(_ count: Int) -> [UInt8] {
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }
}
