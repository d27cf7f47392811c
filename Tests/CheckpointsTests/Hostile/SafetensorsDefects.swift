import Checkpoints
import Tensors

/// Safetensors files with one defect each.
enum SafetensorsDefects {
    /// Foundation words the reasons as it likes: they are not compared.
    private static let notJSON = CheckpointError.headerNotJSON(reason: "")

    static let all: [Defect] = lengths + syntax + entries + ranges

    /// A file of `header`, whatever it says, and `dataByteCount` zeros.
    private static func file(_ header: String, _ dataByteCount: Int = 0) -> [UInt8] {
        littleEndian(UInt64(header.utf8.count)) + header.utf8 + [UInt8](repeating: 0, count: dataByteCount)
    }

    /// A file with `count` bytes of data and tensors of `U8` with the given offsets.
    private static func file(_ offsets: [(Int, Int)], _ count: Int) -> [UInt8] {
        let members = offsets.enumerated().map { i, range in
            "\"t\(i)\":{\"dtype\":\"U8\",\"shape\":[\(max(range.1 - range.0, 0))],\"data_offsets\":[\(range.0),\(range.1)]}"
        }
        return file("{\(members.joined(separator: ","))}", count)
    }

    private static let lengths: [Defect] = [
        Defect(
            "shorter than its length field", [1, 2, 3],
            .truncated(what: "safetensors file", offset: 0, needed: 8, available: 3)),
        Defect(
            "header over the limit", littleEndian(UInt64(100_000_001)) + [0x7B],
            .headerTooLarge(byteCount: 100_000_001, limit: 100_000_000)),
        Defect(
            "header of 2⁶⁴ − 1 bytes", littleEndian(UInt64.max) + [0x7B],
            .headerTooLarge(byteCount: UInt64.max, limit: 100_000_000)),
        Defect(
            "header longer than the file", littleEndian(UInt64(3)) + [0x7B, 0x7D],
            .headerOutsideFile(byteCount: 3, available: 2)),
        Defect("empty header", file(""), notJSON),
    ]

    private static let syntax: [Defect] = [
        Defect(
            "header that is no UTF-8", littleEndian(UInt64(5)) + [0x7B, 0x22, 0xFF, 0x22, 0x7D], .headerNotUTF8),
        Defect("header in UTF-16", file("{\0}\0"), notJSON),
        Defect("header that begins with a blank", file(" {}"), notJSON),
        Defect("unfinished object", file("{"), notJSON),
        Defect("text after the object", file("{}x"), notJSON),
        Defect("unfinished string", file("{\"a"), notJSON),
        Defect("unknown escape", file(#"{"\x":0}"#), notJSON),
        Defect("half a pair of surrogates", file(#"{"\ud800":0}"#), notJSON),
        Defect("escape with too few digits", file(#"{"\u12"#), notJSON),
        Defect("line feed in a string", file("{\"\n\":0}"), notJSON),
        Defect("nesting of a million arrays", nested(1_000_000), notJSON),
        Defect("nesting of 1000 levels", nested(998), notJSON),
        Defect("nesting of 500 levels", nested(498), .headerEntryIncomplete(name: "a", missing: "dtype")),
        Defect("metadata that are no strings", file(#"{"__metadata__":{"a":1}}"#), .headerMetadataNotText),
        Defect("metadata that are no object", file(#"{"__metadata__":"a"}"#), .headerMetadataNotText),
    ]

    /// A header with `depth` arrays within each other, two levels below its own.
    private static func nested(_ depth: Int) -> [UInt8] {
        file("{\"a\":{\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}}")
    }

    private static let entries: [Defect] = [
        Defect("entry that is no object", file(#"{"a":[]}"#), .headerEntryIncomplete(name: "a", missing: "dtype")),
        Defect(
            "entry without shape", file(#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1),
            .headerEntryIncomplete(name: "a", missing: "shape")),
        Defect(
            "entry without offsets", file(#"{"a":{"dtype":"U8","shape":[]}}"#, 1),
            .headerEntryIncomplete(name: "a", missing: "data_offsets")),
        Defect(
            "entry with three offsets", file(#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,1]}}"#, 1),
            .headerEntryIncomplete(name: "a", missing: "data_offsets")),
        Defect(
            "negative offset", file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#),
            .headerEntryIncomplete(name: "a", missing: "data_offsets")),
        Defect(
            "negative extent", file(#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#),
            .headerEntryIncomplete(name: "a", missing: "shape")),
        Defect(
            "extent that is a string", file(#"{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}"#, 1),
            .headerEntryIncomplete(name: "a", missing: "shape")),
        Defect("fractional extent", file(#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, 1), notJSON),
        Defect(
            "extent with a leading zero", file(#"{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#, 1), notJSON),
        Defect(
            "extent of 2⁶³", file(#"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}"#, 1),
            notJSON),
        Defect(
            "type that is not supported", file(#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#, 1),
            .unsupportedType(name: "a", type: "F8_E4M3")),
        Defect(
            "65 dimensions",
            file(
                #"{"a":{"dtype":"U8","shape":["# + Array(repeating: "1", count: 65).joined(separator: ",")
                    + #"],"data_offsets":[0,1]}}"#, 1), .tooManyDimensions(name: "a", count: 65, limit: 64)),
    ]

    private static let ranges: [Defect] = [
        Defect(
            "elements that overflow",
            file(#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#),
            .shapeTooLarge(name: "a", extents: [1 << 32, 1 << 32])),
        Defect(
            "bytes that overflow", file(#"{"a":{"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,0]}}"#),
            .shapeTooLarge(name: "a", extents: [1 << 60])),
        Defect(
            "bytes that do not fit the shape", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
            .byteCountMismatch(name: "a", shape: [2], type: .f32, expected: 8, found: 4)),
        Defect("end before begin", file([(2, 1)], 2), .offsetsReversed(name: "t0", begin: 2, end: 1)),
        Defect(
            "end behind the file", file([(0, 3)], 2),
            .tensorOutsideData(name: "t0", begin: 0, end: 3, dataByteCount: 2)),
        Defect("overlap", file([(0, 2), (1, 3)], 3), .tensorsOverlap(name: "t1", begin: 1, previousEnd: 2)),
        Defect("gap at the start", file([(1, 2)], 2), .gapBeforeTensor(name: "t0", begin: 1, previousEnd: 0)),
        Defect("gap", file([(0, 1), (2, 3)], 3), .gapBeforeTensor(name: "t1", begin: 2, previousEnd: 1)),
        Defect("bytes of no tensor", file([(0, 1)], 3), .uncoveredBytes(count: 2)),
    ]
}
