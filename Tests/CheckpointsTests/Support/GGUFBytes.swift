/// GGUF files made by hand, whatever they say.
struct GGUFBytes {
    var version: UInt32 = 3
    var tensorCount: UInt64?
    var keyCount: UInt64?
    var keys: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var data: [UInt8] = []
    var alignment = 32

    var bytes: [UInt8] {
        var head = Array("GGUF".utf8) + littleEndian(version)
        head += littleEndian(tensorCount ?? UInt64(tensors.count)) + littleEndian(keyCount ?? UInt64(keys.count))
        head += keys.flatMap { $0 } + tensors.flatMap { $0 }
        return head + [UInt8](repeating: 0, count: (alignment - head.count % alignment) % alignment) + data
    }

    /// A file of the architecture rwkv7 with heads of `headSize`, and more keys.
    static func rwkv7(_ keys: [[UInt8]] = [], headSize: UInt32 = 32) -> GGUFBytes {
        architecture("rwkv7", keys + [count("rwkv7.wkv.head_size", headSize)])
    }

    static func architecture(_ name: String, _ keys: [[UInt8]] = []) -> GGUFBytes {
        GGUFBytes(keys: [text("general.architecture", name)] + keys)
    }

    static func string(_ text: String) -> [UInt8] { littleEndian(UInt64(text.utf8.count)) + text.utf8 }

    static func key(_ name: String, type: UInt32, _ value: [UInt8]) -> [UInt8] {
        string(name) + littleEndian(type) + value
    }

    static func text(_ name: String, _ value: String) -> [UInt8] { key(name, type: 8, string(value)) }

    static func count(_ name: String, _ value: UInt32) -> [UInt8] { key(name, type: 4, littleEndian(value)) }

    static func array(_ name: String, type: UInt32, count: UInt64, _ elements: [UInt8]) -> [UInt8] {
        key(name, type: 9, littleEndian(type) + littleEndian(count) + elements)
    }

    /// What the header says of a tensor; `extents` are in the file's order, fastest first.
    static func tensor(_ name: String, _ extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> [UInt8] {
        string(name) + littleEndian(UInt32(extents.count)) + extents.flatMap { littleEndian($0) } + littleEndian(type)
            + littleEndian(offset)
    }

    func with(_ tensors: [[UInt8]], dataByteCount: Int) -> [UInt8] {
        var file = self
        file.tensors = tensors
        file.data = [UInt8](repeating: 0, count: dataByteCount)
        return file.bytes
    }
}
