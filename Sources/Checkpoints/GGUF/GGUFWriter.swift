import Tensors

/// Collects the metadata of a GGUF file and writes it with tensors.
struct GGUFWriter {
    private var keys: [UInt8] = []
    private var keyCount = 0

    mutating func add(_ key: String, _ value: String) { add(key, .string, Self.text(Array(value.utf8))) }

    mutating func add(_ key: String, count: Int) throws(CheckpointError) {
        guard let value = UInt32(exactly: count) else { throw .invalidKey(key, found: "\(count)", needed: "32 bits") }
        add(key, .uint32, littleEndian(value))
    }

    mutating func add(_ key: String, _ value: Float) { add(key, .float32, littleEndian(value.bitPattern)) }

    mutating func add(_ key: String, _ texts: [[UInt8]]) {
        add(key, array: .string, count: texts.count, texts.flatMap(Self.text))
    }

    mutating func add(_ key: String, _ numbers: [Int32]) {
        add(key, array: .int32, count: numbers.count, numbers.flatMap { littleEndian($0) })
    }

    /// Writes version 3 with the default alignment.
    func write(_ tensors: [PlannedTensor], to sink: any ByteSink) throws(CheckpointError) {
        var head = GGUFHeader.magic + littleEndian(UInt32(3))
        head += littleEndian(UInt64(tensors.count)) + littleEndian(UInt64(keyCount)) + keys
        var begin = 0
        for tensor in tensors {
            guard let id = GGMLType.id(tensor.type) else {
                throw .typeNotInFormat(name: tensor.name, type: tensor.type, format: GGUFFile.formatName)
            }
            head += Self.text(Array(tensor.name.utf8)) + littleEndian(UInt32(tensor.shape.extents.count))
            head += tensor.shape.extents.reversed().flatMap { littleEndian(UInt64($0)) }
            head += littleEndian(id) + littleEndian(UInt64(begin))
            begin += tensor.byteCount + Self.padding(after: tensor.byteCount)
        }
        try sink.write(head + [UInt8](repeating: 0, count: Self.padding(after: head.count)))
        for tensor in tensors {
            try tensor.write(to: sink)
            try sink.write([UInt8](repeating: 0, count: Self.padding(after: tensor.byteCount)))
        }
    }

    private mutating func add(_ key: String, _ type: GGUFValueType, _ bytes: [UInt8]) {
        keys += Self.text(Array(key.utf8)) + littleEndian(type.rawValue) + bytes
        keyCount += 1
    }

    private mutating func add(_ key: String, array type: GGUFValueType, count: Int, _ bytes: [UInt8]) {
        add(key, .array, littleEndian(type.rawValue) + littleEndian(UInt64(count)) + bytes)
    }

    private static func text(_ bytes: [UInt8]) -> [UInt8] { littleEndian(UInt64(bytes.count)) + bytes }

    private static func padding(after byteCount: Int) -> Int {
        let alignment = GGUFHeader.defaultAlignment
        return (alignment - byteCount % alignment) % alignment
    }
}
