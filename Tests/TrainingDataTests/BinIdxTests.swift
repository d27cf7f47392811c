import Checkpoints
import Foundation
import Tensors
import Testing
import Tokenizers
import TrainingData

/// Two documents, [5, 6, 0] and [258, 0], as Megatron's `MMapIndexedDataset` writes them; put together by hand from the
/// description in RWKV-LM's `binidx.py`.
private let goldenIndex: [UInt8] = [
    0x4D, 0x4D, 0x49, 0x44, 0x49, 0x44, 0x58, 0, 0,  // MMIDIDX
    1, 0, 0, 0, 0, 0, 0, 0,  // version
    8,  // uint16
    2, 0, 0, 0, 0, 0, 0, 0,  // sequences
    3, 0, 0, 0, 0, 0, 0, 0,  // bounds of documents
    3, 0, 0, 0, 2, 0, 0, 0,  // sizes
    0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,  // pointers
    0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,  // bounds
]
private let goldenData: [UInt8] = [5, 0, 6, 0, 0, 0, 2, 1, 0, 0]

private func read(_ index: [UInt8], _ data: [UInt8] = goldenData) throws -> TokenStore {
    try index.withUnsafeBytes {
        try BinIdx.store($0, Storage(copying: data), indexPath: "x.idx", dataPath: "x.bin")
    }
}

private func documents(_ store: TokenStore) -> [[Int32]] {
    (0..<store.documentCount).map { store.tokens(store.document($0)) }
}

@Suite("binidx data sets")
struct BinIdxTests {
    @Test("are read byte for byte")
    func golden() throws {
        let store = try read(goldenIndex)
        #expect(documents(store) == [[5, 6, 0], [258, 0]])
        #expect(store.bounds == 0...258 && store.countedRanges == nil && store.typeName == "uint16")
        // As Megatron-LM has them where images are mixed in: a mode for each sequence at the end.
        #expect(try documents(read(goldenIndex + [0, 0])) == documents(store))
    }

    @Test("are written byte for byte")
    func writing() throws {
        let folder = try TemporaryFolder()
        let writer = try BinIdxWriter(prefix: folder.file("a"), vocabularySize: 65536)
        try writer.append(store([[5, 6, 0], [258, 0]]))
        try writer.finish()
        #expect(try folder.bytes("a.idx") == goldenIndex)
        #expect(try folder.bytes("a.bin") == goldenData)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.bin", "a.idx"])
    }

    @Test("come back as they were written", arguments: [256, 65536, 65537, 200_000])
    func roundTrip(vocabularySize: Int) throws {
        let folder = try TemporaryFolder()
        var random = RandomNumbers(seed: 3)
        let some = (0..<40).map { i in
            (0..<random.below(i == 7 ? 70_000 : 50) + 1).map { _ in Int32(random.below(vocabularySize)) }
        }
        let writer = try BinIdxWriter(prefix: folder.file("a"), vocabularySize: vocabularySize)
        try writer.append(store(some))
        try writer.finish()
        let back = try BinIdx.read(prefix: folder.file("a"))
        #expect(documents(back) == some)
        #expect(back.typeName == (vocabularySize > 65536 ? "int32" : "uint16"))
    }

    @Test("may have tokens of any whole type", arguments: [1, 2, 3, 4, 5, 8] as [UInt8])
    func types(code: UInt8) throws {
        let size = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 8: 2][code] ?? 0
        var index = goldenIndex
        index[17] = code
        index[50] = UInt8(3 * size)
        let data = ([5, 6, 0, 9, 0] as [UInt8]).flatMap { [$0] + [UInt8](repeating: 0, count: size - 1) }
        #expect(try documents(read(index, data)) == [[5, 6, 0], [9, 0]])
    }

    @Test("may have their sequences anywhere, documents of several and of none")
    func places() throws {
        var index = goldenIndex
        // The second sequence comes first in the file, and both are one document.
        index[42] = 4
        index[50] = 0
        index[66] = 2
        let store = try read(index, [7, 0, 0, 0, 5, 0, 6, 0, 0, 0])
        #expect(documents(store) == [[5, 6, 0, 7, 0]])
        #expect(store.tokens(2..<4) == [0, 7])
    }

    @Test("are refused, whatever is wrong with them")
    func refuses() throws {
        func changed(_ changes: [Int: UInt8], count: Int = goldenIndex.count) -> [UInt8] {
            var index = goldenIndex
            for (place, byte) in changes { index[place] = byte }
            return Array(index.prefix(count))
        }
        #expect(dataError { try read(changed([3: 0])) } == .notAnIndex(path: "x.idx"))
        #expect(dataError { try read([]) } == .notAnIndex(path: "x.idx"))
        #expect(
            dataError { try read(changed([:], count: 30)) } == .indexTruncated(path: "x.idx", needed: 34, available: 30)
        )
        #expect(dataError { try read(changed([9: 2])) } == .indexVersion(path: "x.idx", version: 2))
        for code in [0, 6, 7, 9, 255] as [UInt8] {
            #expect(dataError { try read(changed([17: code])) } == .indexType(path: "x.idx", code: code))
        }
        #expect(
            dataError { try read(changed([:], count: 81)) } == .indexTruncated(path: "x.idx", needed: 82, available: 81)
        )
        // Counts whose product is beyond 64 bits.
        #expect(
            dataError { try read(changed([25: 0xFF])) } == .indexTruncated(path: "x.idx", needed: .max, available: 82))
        #expect(
            dataError { try read(changed([33: 0x20])) } == .indexTruncated(path: "x.idx", needed: .max, available: 82))
        #expect(dataError { try read(goldenIndex + [0]) } == .indexTooLong(path: "x.idx", expected: 82, found: 83))
        #expect(
            dataError { try read(changed([37: 0xFF])) }
                == .sequenceSizeNegative(path: "x.idx", sequence: 0, size: 3 - 0x100_0000))
        #expect(
            dataError { try read(changed([38: 3])) }
                == .sequenceOutsideData(path: "x.idx", sequence: 1, pointer: 6, byteCount: 6, available: 10))
        #expect(
            dataError { try read(changed([57: 0x80])) }
                == .sequenceOutsideData(path: "x.idx", sequence: 1, pointer: .min + 6, byteCount: 4, available: 10))
        #expect(
            dataError { try read(changed([57: 0x7F])) }
                == .sequenceOutsideData(
                    path: "x.idx", sequence: 1, pointer: 0x7F00_0000_0000_0006, byteCount: 4, available: 10))
        #expect(
            dataError { try read(changed([34: 4, 50: 0, 38: 4])) }
                == .sequencesOverlap(path: "x.idx", sequence: 1, tokenCount: 8, available: 10))
        #expect(
            dataError { try read(changed([66: 3])) }
                == .documentOutOfRange(path: "x.idx", document: 1, found: 3, allowed: 0...2))
        #expect(
            dataError { try read(changed([58: 2])) }
                == .documentOutOfRange(path: "x.idx", document: 1, found: 1, allowed: 2...2))
        #expect(
            dataError { try read(changed([17: 3]), [5, 0, 6, 0, 0, 0, 2, 0xFF, 0, 0]) }
                == .tokenNotAnID(path: "x.bin", position: 3, value: -254))
    }

    @Test("need both files")
    func files() throws {
        let folder = try TemporaryFolder()
        try folder.write(goldenData, to: "a.bin")
        #expect(dataError { try BinIdx.read(prefix: folder.file("a")) } == .indexMissing(path: folder.file("a.idx")))
        try folder.write(goldenIndex, to: "b.idx")
        #expect(throws: CheckpointError.missingFile(path: folder.file("b.bin"))) {
            try BinIdx.read(prefix: folder.file("b"))
        }
        #expect(BinIdx.prefix("x/a.bin") == "x/a" && BinIdx.prefix("a.idx") == "a" && BinIdx.prefix("a.b") == "a.b")
    }

    @Test("that were damaged anywhere are refused or read, and never end the process")
    func hostile() throws {
        var random = RandomNumbers(seed: 11)
        var (refused, kept) = (0, 0)
        for _ in 0..<6000 {
            var index = goldenIndex
            for _ in 0..<random.below(4) {
                let place = random.below(index.count)
                index[place] =
                    random.below(2) == 0 ? index[place] ^ 1 << UInt8(random.below(8)) : UInt8(random.below(256))
            }
            if random.below(4) == 0 { index = Array(index.prefix(random.below(index.count + 1))) }
            let data = Array(goldenData.prefix(random.below(5) == 0 ? random.below(11) : 10))
            do {
                let store = try read(index, data)
                // Whatever was accepted can be used.
                #expect(documents(store).joined().count == store.count)
                kept += 1
            } catch is TrainingDataError {
                refused += 1
            }
        }
        #expect(refused > 3000 && kept > 50)
    }

    @Test("have RWKV-LM's magic prime")
    func magic() {
        // By make_data.py: n = tokens // T − 1 and down to the first prime of the form 3k + 2.
        #expect(magicPrime(tokenCount: 1_498_226_207, contextLength: 4096) == 365_759)
        #expect(magicPrime(tokenCount: 4096 * 3, contextLength: 4096) == 2)
        #expect(magicPrime(tokenCount: 4096 * 3 - 1, contextLength: 4096) == nil)
        for slots in 3...400 {
            let prime = magicPrime(tokenCount: slots * 10, contextLength: 10)
            let expected = stride(from: slots - 1, to: 1, by: -1).first { n in
                n % 3 == 2 && (2..<n).allSatisfy { n % $0 != 0 }
            }
            #expect(prime == expected)
        }
    }
}
