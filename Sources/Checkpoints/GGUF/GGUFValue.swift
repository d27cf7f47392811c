import Tensors

/// A value of the metadata of a GGUF file.
enum GGUFValue {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    case text(String)
    case array(GGUFArray)

    /// The value as text; `nil` for arrays, which may be vocabularies of megabytes.
    var text: String? {
        switch self {
        case .unsigned(let value): "\(value)"
        case .signed(let value): "\(value)"
        case .float(let value): "\(Float(value))"
        case .bool(let value): "\(value)"
        case .text(let value): value
        case .array: nil
        }
    }

    /// The value as a count; `nil` if it is none or negative.
    var count: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): value >= 0 ? Int(exactly: value) : nil
        default: nil
        }
    }
}

/// An array in the metadata: where its elements lie, checked to be inside the file.
struct GGUFArray {
    let type: UInt32
    let count: Int
    let range: Range<Int>
    let storage: Storage

    /// The bytes of each string; `nil` if the elements are none.
    var strings: [[UInt8]]? {
        guard type == GGUFValueType.string.rawValue else { return nil }
        var reader = ByteReader(storage, range: range, what: "GGUF array")
        var result: [[UInt8]] = []
        result.reserveCapacity(count)
        while result.count < count, let length = try? reader.count64(), let bytes = try? reader.bytes(length) {
            result.append(bytes)
        }
        return result
    }

    /// The elements as integers of 32 bits; `nil` if they are none.
    var integers: [Int32]? {
        guard type == GGUFValueType.int32.rawValue || type == GGUFValueType.uint32.rawValue else { return nil }
        var reader = ByteReader(storage, range: range, what: "GGUF array")
        return (0..<count).compactMap { _ in try? reader.number(Int32.self) }
    }
}

/// The numbers by which GGUF knows the types of values.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// The size of a value, if all have the same.
    var byteCount: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

extension GGUFValue {
    /// Arrays of arrays are allowed, but nobody needs many levels of them.
    private static let maximumDepth = 4

    /// Reads the value of `key`.
    init(_ reader: inout ByteReader, key: String) throws(CheckpointError) {
        let code = try reader.number(UInt32.self)
        guard let type = GGUFValueType(rawValue: code) else { throw .unknownValueType(key: key, type: code) }
        switch type {
        case .uint8: self = .unsigned(UInt64(try reader.number(UInt8.self)))
        case .uint16: self = .unsigned(UInt64(try reader.number(UInt16.self)))
        case .uint32: self = .unsigned(UInt64(try reader.number(UInt32.self)))
        case .uint64: self = .unsigned(try reader.number(UInt64.self))
        case .int8: self = .signed(Int64(try reader.number(Int8.self)))
        case .int16: self = .signed(Int64(try reader.number(Int16.self)))
        case .int32: self = .signed(Int64(try reader.number(Int32.self)))
        case .int64: self = .signed(try reader.number(Int64.self))
        case .float32: self = .float(Double(Float(bitPattern: try reader.number(UInt32.self))))
        case .float64: self = .float(Double(bitPattern: try reader.number(UInt64.self)))
        case .bool: self = .bool(try reader.number(UInt8.self) != 0)
        case .string: self = .text(String(decoding: try reader.bytes(reader.count64()), as: UTF8.self))
        case .array: self = .array(try Self.array(&reader, key: key, depth: 1))
        }
    }

    private static func array(
        _ reader: inout ByteReader, key: String, depth: Int
    ) throws(CheckpointError) -> GGUFArray {
        let code = try reader.number(UInt32.self)
        guard let type = GGUFValueType(rawValue: code) else { throw .unknownValueType(key: key, type: code) }
        if depth > maximumDepth { throw .arraysTooDeep(key: key, limit: maximumDepth) }
        let count = try reader.count64()
        let start = reader.position
        if let width = type.byteCount {
            let (byteCount, overflow) = count.multipliedReportingOverflow(by: width)
            try reader.advance(by: overflow ? Int.max : byteCount)
        } else {
            // Every element has at least a length, so the loop ends with the file.
            for _ in 0..<count {
                if type == .string {
                    try reader.advance(by: reader.count64())
                } else {
                    _ = try array(&reader, key: key, depth: depth + 1)
                }
            }
        }
        return GGUFArray(type: code, count: count, range: start..<reader.position, storage: reader.storage)
    }
}
