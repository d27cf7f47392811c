import Tensors

/// rwkv.cpp's numbers for element types.
enum RWKVCppType {
    private static let types: [(id: UInt32, type: DataType)] = [
        (0, .f32), (1, .f16), (2, .q4_0), (3, .q4_1), (7, .q5_0), (8, .q5_1), (9, .q8_0),
    ]

    /// Types of rwkv.cpp's first months, which it does not read any more itself.
    private static let removed: [UInt32: String] = [4: "Q4_1_O", 5: "Q4_2", 6: "Q4_3"]

    /// The number of a type; `nil` for those that the format does not have.
    static func id(_ type: DataType) -> UInt32? { types.first { $0.type == type }?.id }

    /// The type with a number.
    /// - Throws: `removedType`, `unsupportedType`.
    static func type(_ id: UInt32, name: String) throws(CheckpointError) -> DataType {
        if let type = types.first(where: { $0.id == id })?.type { return type }
        if let old = removed[id] { throw .removedType(name: name, type: old) }
        throw .unsupportedType(name: name, type: "rwkv.cpp's type \(id)")
    }
}
