/// How a token's number is stored.
package enum TokenWidth: String, Sendable {
    case uint8, int8, int16, int32, int64, uint16

    var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32: 4
        case .int64: 8
        }
    }

    /// The narrowest one for tokens below `vocabularySize` among those that programs for RWKV write.
    init(vocabularySize: Int) { self = vocabularySize <= 1 << 16 ? .uint16 : .int32 }

    /// The number of token `index` in memory; `bytes` must hold it.
    @inline(__always)
    func value(_ bytes: UnsafeRawBufferPointer, _ index: Int, from offset: Int) -> Int64 {
        func load<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) -> Int64 {
            let place = offset + index * MemoryLayout<Number>.size
            return Int64(Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self)))
        }
        return switch self {
        case .uint8: load(UInt8.self)
        case .int8: load(Int8.self)
        case .int16: load(Int16.self)
        case .int32: load(Int32.self)
        case .int64: load(Int64.self)
        case .uint16: load(UInt16.self)
        }
    }

    /// Appends the bytes of a token.
    func append(_ token: Int32, to bytes: inout [UInt8]) {
        for i in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: Int64(token) >> Int64(8 * i))) }
    }
}

/// The bytes of `value`, least significant first.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
