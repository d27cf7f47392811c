internal import Checkpoints
internal import Tensors
internal import Tokenizers

/// A file of tokens as the cache keeps them.
///
///     tokens                 2 or 4 bytes each, then zeros up to a multiple of 8
///     ends of documents      8 bytes each: the position behind the last token
///     counted ranges         16 bytes each: the first position and the one behind the last; none if everything counts
///     trailer                64 bytes: magic, version and width, counts of tokens, documents, ranges and text bytes,
///                            the key of the source, a fingerprint of all before it
///
/// Numbers are little-endian. The trailer is last because the counts are known last, and no seek is needed.
enum TokenCacheFile {
    static let magic: UInt64 = 0x3130_534E_4B54_5752  // "RWTKNS01"
    static let trailerByteCount = 64
    private static let everythingCounts = UInt64.max

    /// Writes such a file piece by piece.
    final class Writer: TokenSink {
        private let file: AtomicFile
        private let width: TokenWidth
        private var buffer: [UInt8] = []
        private var fingerprint = Fingerprint()
        private var count = 0
        private var ends: [Int] = []
        private var counted: [Range<Int>] = []
        private var everythingCounts = true

        init(path: String, vocabularySize: Int) throws {
            file = try AtomicFile(path: path)
            width = TokenWidth(vocabularySize: vocabularySize)
        }

        var documentCount: Int { ends.count }

        func append(_ tokens: [TokenID], isCounted: Bool) throws {
            for token in tokens { width.append(token, to: &buffer) }
            if isCounted, !tokens.isEmpty {
                if let last = counted.last, last.upperBound == count {
                    counted[counted.count - 1] = last.lowerBound..<count + tokens.count
                } else {
                    counted.append(count..<count + tokens.count)
                }
            } else if !tokens.isEmpty {
                everythingCounts = false
            }
            count += tokens.count
            if buffer.count >= 1 << 20 { try flush() }
        }

        func endDocument() throws { ends.append(count) }

        /// Writes the rest; the file is then in its place.
        func finish(textByteCount: Int, key: UInt64) throws {
            buffer += [UInt8](repeating: 0, count: (8 - count * width.byteCount % 8) % 8)
            for end in ends {
                buffer += littleEndian(UInt64(end))
                if buffer.count >= 1 << 20 { try flush() }
            }
            for range in everythingCounts ? [] : counted {
                buffer += littleEndian(UInt64(range.lowerBound)) + littleEndian(UInt64(range.upperBound))
                if buffer.count >= 1 << 20 { try flush() }
            }
            let rangeCount = everythingCounts ? TokenCacheFile.everythingCounts : UInt64(counted.count)
            for number in [
                magic, UInt64(width.byteCount), UInt64(count), UInt64(ends.count), rangeCount, UInt64(textByteCount),
                key,
            ] { buffer += littleEndian(number) }
            try flush()
            try file.write(littleEndian(fingerprint.value))
            try file.commit()
        }

        /// Writes whole words: the fingerprint is one of words.
        private func flush() throws {
            let whole = buffer.count / 8 * 8
            buffer.withUnsafeBytes { bytes in
                for i in 0..<whole / 8 {
                    fingerprint.add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)))
                }
            }
            try file.write(Array(buffer[..<whole]))
            buffer.removeFirst(whole)
        }
    }

    /// What a file turned out to be.
    enum Content {
        case whole(TokenStore, textByteCount: Int)
        /// It was made from other bytes than those of the file of today.
        case outdated
        case damaged
    }

    /// What is in the mapped file.
    /// - Complexity: O(bytes): all of it is read, to know that it is whole.
    static func read(_ storage: Storage, key: UInt64) -> Content {
        withExtendedLifetime(storage) {
            let bytes = storage.bytes
            guard bytes.count >= trailerByteCount, bytes.count % 8 == 0 else { return .damaged }
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            let trailer = (0..<8).map { word(bytes.count - trailerByteCount + 8 * $0) }
            guard trailer[0] == magic, trailer[1] == 2 || trailer[1] == 4 else { return .damaged }
            let width = trailer[1] == 2 ? TokenWidth.uint16 : .int32
            let limit = UInt64(bytes.count)
            guard trailer[2] <= limit, trailer[3] <= limit / 8, trailer[5] < 1 << 62 else { return .damaged }
            guard trailer[4] == everythingCounts || trailer[4] <= limit / 16 else { return .damaged }
            let (count, documentCount) = (Int(trailer[2]), Int(trailer[3]))
            let rangeCount = trailer[4] == everythingCounts ? 0 : Int(trailer[4])
            let tokensEnd = (count * width.byteCount + 7) / 8 * 8
            let endsEnd = tokensEnd + 8 * documentCount
            guard endsEnd + 16 * rangeCount + trailerByteCount == bytes.count else { return .damaged }

            var fingerprint = Fingerprint()
            for i in 0..<bytes.count / 8 - 1 { fingerprint.add(word(8 * i)) }
            guard fingerprint.value == trailer[7] else { return .damaged }
            guard trailer[6] == key else { return .outdated }

            // From here on the file is as it was written, so the numbers are those of a store.
            let ends = (0..<documentCount).map { Int(truncatingIfNeeded: word(tokensEnd + 8 * $0)) }
            let ranges = (0..<rangeCount).map { i in
                let start = Int(truncatingIfNeeded: word(endsEnd + 16 * i))
                return start..<max(start, Int(truncatingIfNeeded: word(endsEnd + 16 * i + 8)))
            }
            guard zip([0] + ends, ends).allSatisfy({ $0 <= $1 }), ends.last ?? 0 == count,
                ranges.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= count })
            else { return .damaged }
            let bounds = tokenBounds(bytes, width, offset: 0, count: count)
            guard bounds.map({ $0.lowerBound >= 0 && $0.upperBound <= Int64(Int32.max) }) ?? true else {
                return .damaged
            }
            // The name of the source is no part of what a run's data are.
            var content = Fingerprint()
            for i in 0..<(endsEnd + 16 * rangeCount) / 8 { content.add(word(8 * i)) }
            let store = TokenStore(
                storage, width, offset: 0, count: count, documentEnds: ends,
                countedRanges: trailer[4] == everythingCounts ? nil : ranges,
                bounds: bounds.map { Int32($0.lowerBound)...Int32($0.upperBound) }, fingerprint: content.value)
            return .whole(store, textByteCount: Int(trailer[5]))
        }
    }
}

/// The least and the largest of some stored tokens; `nil` if there are none.
func tokenBounds(
    _ bytes: UnsafeRawBufferPointer, _ width: TokenWidth, offset: Int, count: Int
) -> ClosedRange<Int64>? {
    if count == 0 { return nil }
    var (least, most) = (Int64.max, Int64.min)
    for i in 0..<count {
        let value = width.value(bytes, i, from: offset)
        least = min(least, value)
        most = max(most, value)
    }
    return least...most
}
