import Checkpoints
import Tensors

/// Files of rwkv.cpp with one defect each.
enum RWKVCppDefects {
    static let all: [Defect] = heads + tensors + weights

    /// A file with the six numbers of the head and then `tensors`.
    static func file(
        version: UInt32 = 101, sizes: [UInt32] = [4, 2, 1], type: UInt32 = 0, _ tensors: [UInt8]...
    ) -> [UInt8] {
        littleEndian(UInt32(0x6767_6D66)) + littleEndian(version) + sizes.flatMap { littleEndian($0) }
            + littleEndian(type) + tensors.flatMap { $0 }
    }

    /// A tensor; `extents` are in the file's order, fastest first.
    static func tensor(_ name: String, _ extents: [UInt32], type: UInt32 = 0, _ data: [UInt8] = []) -> [UInt8] {
        littleEndian(UInt32(extents.count)) + littleEndian(UInt32(name.utf8.count)) + littleEndian(type)
            + extents.flatMap { littleEndian($0) } + name.utf8 + data
    }

    static func floats(_ values: Float...) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

    private static func cut(_ file: [UInt8], at offset: Int, needing needed: Int) -> CheckpointError {
        .truncated(what: "rwkv.cpp file", offset: offset, needed: needed, available: file.count - offset)
    }

    private static let heads: [Defect] = [
        Defect(
            "version 99", file(version: 99),
            .unsupportedVersion(format: "rwkv.cpp", version: 99, supported: [100, 101])),
        Defect("head that ends early", Array(file().prefix(22)), cut(Array(file().prefix(22)), at: 20, needing: 4)),
        Defect("a type that was removed", file(type: 4), .removedType(name: "the model", type: "Q4_1_O")),
        Defect(
            "a type that nobody knows", file(type: 10), .unsupportedType(name: "the model", type: "rwkv.cpp's type 10")),
        Defect(
            "another vocabulary than the embedding's",
            file(sizes: [5, 2, 1], tensor("emb.weight", [2, 4], [UInt8](repeating: 0, count: 32))),
            .headerContradicted(what: "vocabulary size", header: 5, found: 4)),
        Defect(
            "another width than the embedding's",
            file(sizes: [4, 3, 1], tensor("emb.weight", [2, 4], [UInt8](repeating: 0, count: 32))),
            .headerContradicted(what: "width", header: 3, found: 2)),
        Defect(
            "another number of layers", file(sizes: [4, 2, 3], tensor("blocks.1.ln1.weight", [1], floats(1))),
            .headerContradicted(what: "number of layers", header: 3, found: 2)),
    ]

    private static let tensors: [Defect] = {
        let long = file(tensor("a", [1 << 20], floats(1)))
        let longName = file(littleEndian(UInt32(1)) + littleEndian(UInt32.max) + littleEndian(UInt32(0)) + floats(1))
        let rest = file(tensor("a", [1], floats(1)), [1, 2])
        return [
            Defect("tensor cut off", long, cut(long, at: 41, needing: 4 << 20)),
            Defect("name longer than the file", longName, cut(longName, at: 40, needing: Int(UInt32.max))),
            Defect("bytes behind the last tensor", rest, cut(rest, at: 45, needing: 4)),
            Defect(
                "four dimensions", file(tensor("a", [1, 1, 1, 1], floats(1))),
                .tooManyDimensions(name: "", count: 4, limit: 3)),
            Defect(
                "elements that overflow", file(tensor("a", [.max, .max, .max])),
                .shapeTooLarge(name: "a", extents: [Int](repeating: Int(UInt32.max), count: 3))),
            Defect(
                "a tensor of a removed type", file(tensor("a", [32], type: 6)), .removedType(name: "a", type: "Q4_3")),
            Defect(
                "a tensor of an unknown type", file(tensor("a", [32], type: 77)),
                .unsupportedType(name: "a", type: "rwkv.cpp's type 77")),
            Defect(
                "row of half a block", file(tensor("a", [48], type: 9)),
                .rowsNotWholeBlocks(name: "a", rowLength: 48, type: .q8_0)),
            Defect(
                "old blocks", file(version: 100, tensor("a", [32], type: 2, [UInt8](repeating: 0, count: 18))),
                .removedType(name: "a", type: "Q4_0 of version 100")),
            Defect(
                "name that occurs twice", file(tensor("a", [1], floats(1)), tensor("a", [1], floats(1))),
                .duplicateName(name: "a")),
            Defect(
                "name that is no UTF-8",
                file(
                    littleEndian(UInt32(1)) + littleEndian(UInt32(1)) + littleEndian(UInt32(0))
                        + littleEndian(UInt32(1)) + [0xFF] + floats(1)),
                .nameNotUTF8(offset: 40)),
        ]
    }()

    private static let weights: [Defect] = [
        Defect(
            "a decay that grows", file(tensor("blocks.0.att.time_decay", [2], floats(-1, 1))),
            .invalidWeight(name: "blocks.0.att.time_decay", value: 1, needed: "a decay below 0")),
        Defect(
            "a decay above 1", version5("blocks.0.att.time_decay", floats(0.5, 1.5)),
            .invalidWeight(name: "blocks.0.att.time_decay", value: 1.5, needed: "a decay from 0 to 1")),
        Defect(
            "a bonus below 0", version5("blocks.0.att.time_first", floats(0.5, -1)),
            .invalidWeight(name: "blocks.0.att.time_first", value: -1, needed: "a bonus above 0")),
        Defect(
            "a decay of another size",
            file(
                sizes: [4, 8, 1], tensor("blocks.0.att.ln_x.weight", [1], floats(1)),
                tensor("blocks.0.att.time_decay", [1, 3, 2], [UInt8](repeating: 0, count: 24))),
            .unexpectedShape(name: "blocks.0.att.time_decay", found: [2, 3, 1], needed: "[H, N, 1] or [H, 1, 1]")),
    ]

    private static func version5(_ name: String, _ values: [UInt8]) -> [UInt8] {
        file(
            sizes: [4, 8, 1], tensor("blocks.0.att.ln_x.weight", [1], floats(1)), tensor(name, [1, 1, 2], values))
    }
}
