import Tensors

/// ggml's numbers for element types (`enum ggml_type`).
enum GGMLType {
    private static let types: [(id: UInt32, type: DataType)] = [
        (0, .f32), (1, .f16), (2, .q4_0), (3, .q4_1), (6, .q5_0), (7, .q5_1), (8, .q8_0), (12, .q4_K), (13, .q5_K),
        (14, .q6_K), (24, .i8), (25, .i16), (26, .i32), (27, .i64), (28, .f64), (30, .bf16),
    ]

    private static let others: [UInt32: String] = [
        4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
        18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0",
        35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
    ]

    /// The type with a number; `nil` if it is not supported.
    static func type(_ id: UInt32) -> DataType? { types.first { $0.id == id }?.type }

    /// The number of a type; `nil` for those that ggml does not have.
    static func id(_ type: DataType) -> UInt32? { types.first { $0.type == type }?.id }

    /// What a type that is not supported is called.
    static func name(_ id: UInt32) -> String { others[id] ?? "ggml's type \(id)" }

    /// llama.cpp's number for a file whose matrices are of `type` (`enum llama_ftype`).
    static func fileType(_ type: DataType) -> UInt32 {
        switch type {
        case .f16: 1
        case .q4_0: 2
        case .q4_1: 3
        case .q8_0: 7
        case .q5_0: 8
        case .q5_1: 9
        case .q4_K: 15
        case .q5_K: 17
        case .q6_K: 18
        case .bf16: 32
        default: 0
        }
    }
}
