package import Tensors

/// The tokens of some documents, one after the other, in a mapped file or in memory.
///
/// Positions count tokens from the beginning of the first document. What the file holds in between or in another order
/// does not show: a store is a list of runs of the file's tokens.
public struct TokenStore: Sendable {
    /// Tokens that follow each other in the file.
    private struct Run {
        /// The position of the first, and where it is in the file, in bytes.
        let start, offset: Int
    }

    private let storage: Storage
    private let width: TokenWidth
    private let runs: [Run]

    /// The number of tokens.
    public let count: Int
    /// Where each document ends, ascending; the last is `count`.
    public let documentEnds: [Int]
    /// The tokens that a model is to learn to write, ascending and apart from each other; all if `nil`.
    public let countedRanges: [Range<Int>]?
    /// The smallest and the largest token that the file holds; `nil` if there are no tokens.
    public let bounds: ClosedRange<Int32>?
    /// A number that other tokens, documents or counted ranges hardly ever have.
    public let fingerprint: UInt64

    package init(
        _ storage: Storage, _ width: TokenWidth, offset: Int, count: Int, documentEnds: [Int],
        countedRanges: [Range<Int>]?, bounds: ClosedRange<Int32>?, fingerprint: UInt64
    ) {
        self.init(
            storage, width, runs: [Run(start: 0, offset: offset)], count: count, documentEnds: documentEnds,
            countedRanges: countedRanges, bounds: bounds, fingerprint: fingerprint)
    }

    private init(
        _ storage: Storage, _ width: TokenWidth, runs: [Run], count: Int, documentEnds: [Int],
        countedRanges: [Range<Int>]?, bounds: ClosedRange<Int32>?, fingerprint: UInt64
    ) {
        (self.storage, self.width, self.runs, self.count) = (storage, width, runs, count)
        self.documentEnds = documentEnds
        self.countedRanges = countedRanges
        self.bounds = bounds
        self.fingerprint = fingerprint
    }

    /// Tokens at some places of a file that somebody else wrote.
    /// - Parameters:
    ///   - runs: Where tokens begin, in bytes, and how many there are; they lie in the file.
    ///   - path: For messages.
    /// - Throws: `TrainingDataError.tokenNotAnID` for a number that no token can have.
    init(
        _ storage: Storage, _ width: TokenWidth, runs places: [(offset: Int, count: Int)], documentEnds: [Int],
        path: String
    ) throws(TrainingDataError) {
        var fingerprint = Fingerprint()
        var bounds: ClosedRange<Int64>?
        var total = 0
        var runs: [Run] = []
        for place in places {
            let found = withExtendedLifetime(storage) {
                fingerprint.add(
                    UnsafeRawBufferPointer(
                        rebasing: storage.bytes[place.offset..<place.offset + place.count * width.byteCount]))
                return tokenBounds(storage.bytes, width, offset: place.offset, count: place.count)
            }
            if let found {
                bounds =
                    min(
                        found.lowerBound, bounds?.lowerBound ?? .max)...max(
                        found.upperBound, bounds?.upperBound ?? .min)
                guard found.lowerBound >= 0, found.upperBound <= Int64(Int32.max) else {
                    throw Self.notAnID(storage, width, place, total, path)
                }
            }
            runs.append(Run(start: total, offset: place.offset))
            total += place.count
        }
        for end in documentEnds { fingerprint.add(UInt64(end)) }
        self.init(
            storage, width, runs: runs, count: total, documentEnds: documentEnds, countedRanges: nil,
            bounds: bounds.map { Int32($0.lowerBound)...Int32($0.upperBound) }, fingerprint: fingerprint.value)
    }

    private static func notAnID(
        _ storage: Storage, _ width: TokenWidth, _ place: (offset: Int, count: Int), _ start: Int, _ path: String
    ) -> TrainingDataError {
        for i in 0..<place.count {
            let value = width.value(storage.bytes, i, from: place.offset)
            if !(0...Int64(Int32.max)).contains(value) {
                return .tokenNotAnID(path: path, position: start + i, value: value)
            }
        }
        preconditionFailure("the bounds say that there is such a number")
    }

    /// Tokens in memory, as one document.
    public init(_ tokens: [Int32]) {
        var fingerprint = Fingerprint()
        tokens.withUnsafeBytes { fingerprint.add($0) }
        let least = tokens.min()
        self.init(
            Storage(copying: tokens), .int32, offset: 0, count: tokens.count,
            documentEnds: tokens.isEmpty ? [] : [tokens.count], countedRanges: nil,
            bounds: least.flatMap { least in tokens.max().map { least...$0 } }, fingerprint: fingerprint.value)
    }

    /// The type of a token in the file: “uint16”.
    public var typeName: String { width.rawValue }

    /// The number of documents.
    public var documentCount: Int { documentEnds.count }

    /// The tokens that a model is to learn to write.
    public var countedTokenCount: Int { countedRanges?.reduce(0) { $0 + $1.count } ?? count }

    /// The positions of a document.
    public func document(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : documentEnds[index - 1])..<documentEnds[index]
    }

    /// The tokens at some positions, which must be the store's.
    public func tokens(_ range: Range<Int>) -> [Int32] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "tokens \(range) of \(count)")
        if range.isEmpty { return [] }
        return [Int32](unsafeUninitializedCapacity: range.count) { target, filled in
            forEachRun(of: range) { offset, length in
                for i in 0..<length {
                    target[filled + i] = Int32(truncatingIfNeeded: width.value(storage.bytes, i, from: offset))
                }
                filled += length
            }
        }
    }

    /// Whether the tokens at some positions count; `nil` if all of all positions do.
    public func counted(_ range: Range<Int>) -> [Bool]? {
        guard let countedRanges else { return nil }
        var result = [Bool](repeating: false, count: range.count)
        var index = countedRanges.partitioningIndex { $0.upperBound > range.lowerBound }
        while index < countedRanges.count, countedRanges[index].lowerBound < range.upperBound {
            for i in countedRanges[index].clamped(to: range) { result[i - range.lowerBound] = true }
            index += 1
        }
        return result
    }

    /// Whether a token at one of the positions counts.
    public func hasCounted(_ range: Range<Int>) -> Bool {
        guard let countedRanges, !range.isEmpty else { return !range.isEmpty }
        let index = countedRanges.partitioningIndex { $0.upperBound > range.lowerBound }
        return index < countedRanges.count && countedRanges[index].lowerBound < range.upperBound
    }

    /// The first position whose token is not below `vocabularySize`.
    /// - Complexity: O(1) if there is none; O(count) otherwise.
    public func firstToken(outside vocabularySize: Int) -> (position: Int, token: Int32)? {
        guard let bounds, bounds.lowerBound < 0 || Int(bounds.upperBound) >= vocabularySize else { return nil }
        for start in stride(from: 0, to: count, by: 1 << 16) {
            let part = tokens(start..<min(count, start + 1 << 16))
            if let i = part.firstIndex(where: { $0 < 0 || Int($0) >= vocabularySize }) { return (start + i, part[i]) }
        }
        return nil
    }

    /// A store of some of the tokens.
    /// - Parameter documents: The positions of its documents, ascending and apart; none is empty.
    public func selecting(_ documents: [Range<Int>]) -> TokenStore {
        var runs: [Run] = []
        var counted: [Range<Int>] = []
        var ends: [Int] = []
        var total = 0
        var mixer = Fingerprint()
        mixer.add(fingerprint)
        for document in documents {
            forEachRun(of: document) { offset, length in
                let follows = runs.last.map { $0.offset + (total - $0.start) * width.byteCount == offset } ?? false
                if !follows { runs.append(Run(start: total, offset: offset)) }
                total += length
            }
            let moved = total - document.upperBound
            if let countedRanges {
                var index = countedRanges.partitioningIndex { $0.upperBound > document.lowerBound }
                while index < countedRanges.count, countedRanges[index].lowerBound < document.upperBound {
                    let part = countedRanges[index].clamped(to: document)
                    counted.append(part.lowerBound + moved..<part.upperBound + moved)
                    index += 1
                }
            }
            ends.append(total)
            mixer.add(UInt64(document.lowerBound))
            mixer.add(UInt64(document.upperBound))
        }
        return TokenStore(
            storage, width, runs: runs, count: total, documentEnds: ends,
            countedRanges: countedRanges == nil ? nil : counted, bounds: total == 0 ? nil : bounds,
            fingerprint: mixer.value)
    }

    /// Calls `body` with the runs of the file that hold some positions.
    private func forEachRun(of range: Range<Int>, _ body: (_ offset: Int, _ length: Int) -> Void) {
        var position = range.lowerBound
        var index = runs.partitioningIndex { $0.start > position } - 1
        while position < range.upperBound {
            let end = min(range.upperBound, index + 1 < runs.count ? runs[index + 1].start : count)
            body(runs[index].offset + (position - runs[index].start) * width.byteCount, end - position)
            position = end
            index += 1
        }
    }
}

extension Array {
    /// The first index whose element satisfies `isSecond`, where none before does and all after do.
    /// - Complexity: O(log n)
    func partitioningIndex(_ isSecond: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
