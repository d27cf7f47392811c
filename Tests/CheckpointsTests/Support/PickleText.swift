import Checkpoints
import Tensors

/// Pieces of pickles, named by what they push.
enum PickleText {
    static func text(_ text: String) -> [UInt8] { [0x58] + littleEndian(UInt32(text.utf8.count)) + text.utf8 }
    static func int(_ value: Int32) -> [UInt8] { [0x4A] + littleEndian(value) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func tuple(_ values: [UInt8]...) -> [UInt8] { [0x28] + values.joined() + [0x74] }
    static func ints(_ values: [Int32]) -> [UInt8] { [0x28] + values.flatMap(int) + [0x74] }
    static let none: [UInt8] = [0x4E]
    static let reduce: [UInt8] = [0x52]
    static let emptyDictionary: [UInt8] = [0x7D]

    /// A whole pickle of protocol 2.
    static func pickle(_ body: [UInt8]...) -> [UInt8] { [0x80, 2] + body.joined() + [0x2E] }

    /// A dictionary with `items`, keys and values in turn.
    static func dictionary(_ items: [UInt8]...) -> [UInt8] { [0x7D, 0x28] + items.joined() + [0x75] }

    /// A storage of `count` elements.
    static func storage(_ key: String, _ className: String, _ count: Int32, part: [UInt8] = []) -> [UInt8] {
        tuple(text("storage"), global("torch", className), text(key), text("cpu"), int(count), part) + [0x51]
    }

    /// A tensor that is a view of `storage`.
    static func tensor(_ storage: [UInt8], offset: Int32 = 0, _ shape: [Int32], _ strides: [Int32]) -> [UInt8] {
        let hooks = global("collections", "OrderedDict") + [0x29, 0x52]
        return global("torch._utils", "_rebuild_tensor_v2")
            + tuple(storage, int(offset), ints(shape), ints(strides), [0x89], hooks) + reduce
    }

    /// A dictionary with one tensor, called w, of four `Float`s under the key 0.
    static let minimal = dictionary(text("w"), tensor(storage("0", "FloatStorage", 4), [4], [1]))
}

/// A zip archive laid out as by torch.save around `pickle`.
func torchArchive(
    _ pickle: [UInt8], storages: [(String, [UInt8])] = [("0", fourFloats)], byteOrder: String? = "little",
    largestIn32Bits: Int = 0xFFFF_FFFE
) -> [UInt8] {
    var entries = [("any name/data.pkl", pickle)]
    if let byteOrder { entries.append(("any name/byteorder", Array(byteOrder.utf8))) }
    entries += storages.map { ("any name/data/\($0.0)", $0.1) }
    return zipArchive(entries, largestIn32Bits: largestIn32Bits)
}

/// A zip archive of `entries`.
func zipArchive(_ entries: [(String, [UInt8])], largestIn32Bits: Int = 0xFFFF_FFFE) -> [UInt8] {
    let sink = MemorySink()
    let writer = ZipWriter(to: sink, largestIn32Bits: largestIn32Bits)
    do {
        for (name, data) in entries { try writer.add(name, data) }
        try writer.finish()
    } catch {
        preconditionFailure("memory takes everything: \(error)")
    }
    return sink.bytes
}

/// A file laid out as before PyTorch 1.6.
func legacyFile(
    protocolVersion: Int32 = 1001, machine: [UInt8]? = nil, _ dictionary: [UInt8], keys: [String] = ["0"],
    data: [UInt8] = littleEndian(Int64(4)) + fourFloats
) -> [UInt8] {
    typealias P = PickleText
    let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    let machine = machine ?? P.dictionary(P.text("little_endian"), [0x88])
    let keyList = [0x5D, 0x28] + keys.flatMap(P.text) + [0x65]
    return magic + P.pickle(P.int(protocolVersion)) + P.pickle(machine) + P.pickle(dictionary) + P.pickle(keyList)
        + data
}

/// 0, 1, 2, 3 as `Float`s.
let fourFloats: [UInt8] = (0..<4).flatMap { littleEndian(Float($0).bitPattern) }
