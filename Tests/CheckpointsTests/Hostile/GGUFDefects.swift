import Checkpoints
import Tensors

/// GGUF files with one defect each.
enum GGUFDefects {
    static let all: [Defect] = heads + keys + entries + ranges + models

    private typealias File = GGUFBytes
    private static let sound = File.rwkv7().bytes

    private static func edited(_ edit: (inout GGUFBytes) -> Void) -> [UInt8] {
        var file = File.rwkv7()
        edit(&file)
        return file.bytes
    }

    private static func cut(_ file: [UInt8], at offset: Int, needing needed: Int) -> CheckpointError {
        .truncated(what: "GGUF file", offset: offset, needed: needed, available: file.count - offset)
    }

    private static let heads: [Defect] = [
        Defect("nothing but the magic", Array("GGUF".utf8), cut(Array("GGUF".utf8), at: 4, needing: 4)),
        Defect(
            "version 1", edited { $0.version = 1 },
            .unsupportedVersion(format: "GGUF", version: 1, supported: [2, 3])),
        Defect(
            "version of the future", edited { $0.version = 4 },
            .unsupportedVersion(format: "GGUF", version: 4, supported: [2, 3])),
        Defect("big-endian", edited { $0.version = 3 << 24 }, .bigEndianVersion(3 << 24)),
        Defect("head that ends early", Array(sound.prefix(20)), cut(Array(sound.prefix(20)), at: 16, needing: 8)),
    ]

    private static func keyed(_ key: [UInt8]) -> [UInt8] {
        var file = File.rwkv7()
        file.keys.insert(key, at: 0)
        return file.bytes
    }

    private static let keys: [Defect] = {
        let longName = keyed(littleEndian(UInt64.max))
        let longText = keyed(File.key("a", type: 8, littleEndian(UInt64(1 << 40))))
        let longArray = keyed(File.array("a", type: 4, count: 1 << 62, []))
        let manyTexts = keyed(File.array("a", type: 8, count: .max, File.string("x") + littleEndian(UInt64(1 << 50))))
        var nested = littleEndian(UInt32(4)) + littleEndian(UInt64(0))
        for _ in 0..<4 { nested = littleEndian(UInt32(9)) + littleEndian(UInt64(1)) + nested }
        return [
            Defect("key longer than any file", longName, cut(longName, at: 32, needing: .max)),
            Defect("text longer than the file", longText, cut(longText, at: 45, needing: 1 << 40)),
            Defect("array whose bytes overflow", longArray, cut(longArray, at: 49, needing: .max)),
            Defect("texts without end", manyTexts, cut(manyTexts, at: 66, needing: 1 << 50)),
            Defect(
                "key that is no UTF-8", keyed(littleEndian(UInt64(1)) + [0xFF] + littleEndian(UInt32(4))),
                .nameNotUTF8(offset: 24)),
            Defect("value of type 13", keyed(File.key("a", type: 13, [])), .unknownValueType(key: "a", type: 13)),
            Defect(
                "array of type 99", keyed(File.array("a", type: 99, count: 1, [])),
                .unknownValueType(key: "a", type: 99)),
            Defect("arrays five deep", keyed(File.key("a", type: 9, nested)), .arraysTooDeep(key: "a", limit: 4)),
            Defect(
                "key that occurs twice", File.rwkv7([File.count("a", 1), File.count("a", 1)]).bytes,
                .duplicateName(name: "a")),
            Defect(
                "more keys than there are",
                edited {
                    $0.keyCount = .max; $0.alignment = 1
                },
                cut(
                    edited {
                        $0.keyCount = .max; $0.alignment = 1
                    }, at: 104, needing: 8)),
            Defect(
                "alignment of 24", keyed(File.count("general.alignment", 24)),
                .invalidKey("general.alignment", found: "24", needed: "a power of two")),
            Defect(
                "alignment of 0", keyed(File.count("general.alignment", 0)),
                .invalidKey("general.alignment", found: "0", needed: "a power of two")),
            Defect(
                "alignment that is a text", keyed(File.text("general.alignment", "32")),
                .invalidKey("general.alignment", found: "32", needed: "a count")),
        ]
    }()

    private static func entry(_ entries: [UInt8]..., dataByteCount: Int = 0) -> [UInt8] {
        File.rwkv7().with(entries, dataByteCount: dataByteCount)
    }

    private static let entries: [Defect] = [
        Defect(
            "five dimensions", entry(File.tensor("a", [1, 1, 1, 1, 1])),
            .tooManyDimensions(name: "a", count: 5, limit: 4)),
        Defect(
            "2³² − 1 dimensions", entry(File.string("a") + littleEndian(UInt32.max)),
            .tooManyDimensions(name: "a", count: Int(UInt32.max), limit: 4)),
        Defect(
            "type that is not supported", entry(File.tensor("a", [256], type: 20)),
            .unsupportedType(name: "a", type: "IQ4_NL")),
        Defect(
            "type that nobody knows", entry(File.tensor("a", [256], type: 1000)),
            .unsupportedType(name: "a", type: "ggml's type 1000")),
        Defect(
            "elements that overflow", entry(File.tensor("a", [1 << 32, 1 << 32])),
            .shapeTooLarge(name: "a", extents: [1 << 32, 1 << 32])),
        Defect(
            "bytes that overflow", entry(File.tensor("a", [1 << 62])), .shapeTooLarge(name: "a", extents: [1 << 62])),
        Defect(
            "row of half a block", entry(File.tensor("a", [48, 2], type: 8)),
            .rowsNotWholeBlocks(name: "a", rowLength: 48, type: .q8_0)),
        Defect(
            "offset between two alignments", entry(File.tensor("a", [1], offset: 4), dataByteCount: 64),
            .tensorMisaligned(name: "a", offset: 4, alignment: 32)),
        Defect(
            "name that occurs twice",
            entry(File.tensor("a", [1]), File.tensor("a", [1], offset: 32), dataByteCount: 64),
            .duplicateName(name: "a")),
        Defect(
            "more tensors than there are",
            edited {
                $0.tensorCount = .max; $0.alignment = 1
            },
            cut(
                edited {
                    $0.tensorCount = .max; $0.alignment = 1
                }, at: 104, needing: 8)),
    ]

    private static let ranges: [Defect] = [
        Defect(
            "tensor behind the end", entry(File.tensor("a", [1], offset: 64), dataByteCount: 64),
            .tensorOutsideData(name: "a", begin: 64, end: 68, dataByteCount: 64)),
        Defect(
            "tensor cut off", entry(File.tensor("a", [17]), dataByteCount: 64),
            .tensorOutsideData(name: "a", begin: 0, end: 68, dataByteCount: 64)),
        Defect(
            "tensor whose end overflows", entry(File.tensor("a", [8], offset: UInt64(Int.max) - 31), dataByteCount: 64),
            .tensorOutsideData(name: "a", begin: Int.max - 31, end: .max, dataByteCount: 64)),
        Defect(
            "tensors that overlap",
            entry(File.tensor("a", [9]), File.tensor("b", [1], offset: 32), dataByteCount: 64),
            .tensorsOverlap(name: "b", begin: 32, previousEnd: 36)),
        Defect(
            "file that ends before the data", Array(entry(File.tensor("a", [1])).dropLast(1)),
            cut(Array(entry(File.tensor("a", [1])).dropLast(1)), at: 137, needing: 23)),
    ]

    private static let models: [Defect] = [
        Defect("no architecture", GGUFBytes().bytes, .missingKey("general.architecture")),
        Defect(
            "another model", File.architecture("llama").bytes,
            .architectureNotInFormat(found: "llama", format: "GGUF", supported: ["rwkv6", "rwkv7"])),
        Defect(
            "a hybrid of RWKV", File.architecture("rwkv6qwen2").bytes,
            .architectureNotInFormat(found: "rwkv6qwen2", format: "GGUF", supported: ["rwkv6", "rwkv7"])),
        Defect("no head size", File.architecture("rwkv7").bytes, .missingKey("rwkv7.wkv.head_size")),
        Defect(
            "heads of nothing", File.rwkv7(headSize: 0).bytes,
            .invalidKey("rwkv7.wkv.head_size", found: "0", needed: "at least 1")),
        Defect(
            "heads that do not fit", entry(File.tensor("blk.0.time_mix_r_k.weight", [48]), dataByteCount: 192),
            .unexpectedShape(
                name: "blk.0.time_mix_r_k.weight", found: [48], needed: "a multiple of the head size, 32")),
        Defect(
            "joined vectors of five",
            entry(File.tensor("blk.0.time_mix_lerp_fused.weight", [64, 1, 1, 5]), dataByteCount: 1280),
            .unexpectedShape(name: "blk.0.time_mix_lerp_fused.weight", found: [5, 1, 1, 64], needed: "6 rows")),
        Defect(
            "low-rank factor that is a row", entry(File.tensor("blk.0.time_mix_w1.weight", [64]), dataByteCount: 256),
            .unexpectedShape(name: "blk.0.time_mix_w1.weight", found: [64], needed: "a tensor with 2 axes")),
    ]
}
