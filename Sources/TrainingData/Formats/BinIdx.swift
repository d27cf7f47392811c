internal import Checkpoints
package import Tensors

/// A data set of tokens as RWKV-LM reads and Megatron-LM invented it: NAME.bin and NAME.idx.
///
///     .bin   the tokens of all sequences
///     .idx   9 bytes   “MMIDIDX”, two zeros
///            8         the version, 1
///            1         the type of a token
///            8 + 8     S, the number of sequences; D, the number of document bounds
///            4 · S     the tokens of each sequence
///            8 · S     where each begins in the .bin file, in bytes
///            8 · D     the sequence with which each document begins, and S at the end
///
/// Numbers are little-endian. A sequence of RWKV-LM is a document with token 0 at its end.
public enum BinIdx {
    static let magic = Array("MMIDIDX".utf8) + [0, 0]
    static let headerByteCount = 34
    /// The most tokens that a sequence can have.
    static let sequenceLimit = Int(Int32.max)

    /// The types of tokens by their code. 6 and 7 are floating-point numbers.
    static let widths: [UInt8: TokenWidth] = [1: .uint8, 2: .int8, 3: .int16, 4: .int32, 5: .int64, 8: .uint16]

    /// The path without `.bin` or `.idx`, if it has one of these.
    public static func prefix(_ path: String) -> String {
        path.hasSuffix(".bin") || path.hasSuffix(".idx") ? String(path.dropLast(4)) : path
    }

    /// Reads the data set whose files are `prefix.bin` and `prefix.idx`. The tokens stay in the mapped file.
    /// - Throws: `TrainingDataError` with the file for what is wrong in it; `CheckpointError` if one cannot be mapped.
    /// - Complexity: O(tokens): all are looked at once.
    public static func read(prefix: String) throws -> TokenStore {
        let (indexPath, dataPath) = (prefix + ".idx", prefix + ".bin")
        let index: Storage
        do {
            index = try MappedFile(path: indexPath).storage
        } catch CheckpointError.missingFile {
            throw TrainingDataError.indexMissing(path: indexPath)
        }
        let data: Storage
        do {
            data = try MappedFile(path: dataPath).storage
        } catch CheckpointError.emptyFile {
            // Of a data set without a token.
            data = Storage(byteCount: 0)
        }
        return try withExtendedLifetime((index, data)) {
            try store(index.bytes, data, indexPath: indexPath, dataPath: dataPath)
        }
    }

    /// The data set of an index and its data; the paths are for messages.
    package static func store(
        _ index: UnsafeRawBufferPointer, _ data: Storage, indexPath: String, dataPath: String
    ) throws(TrainingDataError) -> TokenStore {
        let (width, sequenceCount, boundCount) = try header(index, indexPath)
        func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, _ offset: Int) -> Int {
            Int(truncatingIfNeeded: Number(littleEndian: index.loadUnaligned(fromByteOffset: offset, as: Number.self)))
        }
        let pointers = headerByteCount + 4 * sequenceCount
        let bounds = pointers + 8 * sequenceCount

        // Sequences that follow each other in the file, as they nearly always do, become one run.
        var runs: [(offset: Int, count: Int)] = []
        var sequenceEnds: [Int] = []
        sequenceEnds.reserveCapacity(sequenceCount)
        var total = 0
        for sequence in 0..<sequenceCount {
            let size = number(Int32.self, headerByteCount + 4 * sequence)
            let pointer = number(Int64.self, pointers + 8 * sequence)
            guard size >= 0 else {
                throw .sequenceSizeNegative(path: indexPath, sequence: sequence, size: size)
            }
            // At most 2³¹ · 8 bytes: no overflow.
            let byteCount = size * width.byteCount
            guard pointer >= 0, pointer <= data.bytes.count, byteCount <= data.bytes.count - pointer else {
                throw .sequenceOutsideData(
                    path: indexPath, sequence: sequence, pointer: pointer, byteCount: byteCount,
                    available: data.bytes.count)
            }
            if let last = runs.last, last.offset + last.count * width.byteCount == pointer {
                runs[runs.count - 1].count += size
            } else if size > 0 {
                runs.append((pointer, size))
            }
            total += size
            // Otherwise a small index could make endless work of a small file.
            guard total * width.byteCount <= data.bytes.count else {
                throw .sequencesOverlap(
                    path: indexPath, sequence: sequence, tokenCount: total, available: data.bytes.count)
            }
            sequenceEnds.append(total)
        }
        var ends: [Int] = []
        var previous = 0
        for i in 0..<boundCount {
            let first = number(Int64.self, bounds + 8 * i)
            guard first >= previous, first <= sequenceCount else {
                throw .documentOutOfRange(
                    path: indexPath, document: i, found: first, allowed: previous...sequenceCount)
            }
            if first > previous { ends.append(sequenceEnds[first - 1]) }
            previous = first
        }
        // Some programs leave the last bound away.
        if total > ends.last ?? 0 { ends.append(total) }
        return try TokenStore(
            data, width, runs: runs, documentEnds: ends, path: dataPath)
    }

    private static func header(
        _ index: UnsafeRawBufferPointer, _ path: String
    ) throws(TrainingDataError) -> (TokenWidth, sequenceCount: Int, boundCount: Int) {
        guard index.starts(with: magic) else { throw .notAnIndex(path: path) }
        guard index.count >= headerByteCount else {
            throw .indexTruncated(path: path, needed: UInt64(headerByteCount), available: index.count)
        }
        func number(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: index.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard number(9) == 1 else { throw .indexVersion(path: path, version: number(9)) }
        guard let width = widths[index[17]] else { throw .indexType(path: path, code: index[17]) }
        let (sequences, bounds) = (number(18), number(26))
        let (a, first) = sequences.multipliedReportingOverflow(by: 12)
        let (b, second) = bounds.multipliedReportingOverflow(by: 8)
        let (sum, third) = a.addingReportingOverflow(b)
        let (needed, fourth) = sum.addingReportingOverflow(UInt64(headerByteCount))
        guard !first, !second, !third, !fourth, needed <= UInt64(index.count) else {
            let isOverflow = first || second || third || fourth
            throw .indexTruncated(path: path, needed: isOverflow ? .max : needed, available: index.count)
        }
        // Megatron-LM adds a byte for each sequence where images are mixed in.
        guard index.count == Int(needed) || index.count == Int(needed) + Int(sequences) else {
            throw .indexTooLong(path: path, expected: Int(needed), found: index.count)
        }
        return (width, Int(sequences), Int(bounds))
    }
}
