import Tensors

/// PyTorch's names of the element types that are supported.
enum TorchType {
    private static let storageClasses: [(name: String, type: DataType)] = [
        ("DoubleStorage", .f64), ("FloatStorage", .f32), ("BFloat16Storage", .bf16), ("HalfStorage", .f16),
        ("LongStorage", .i64), ("IntStorage", .i32), ("ShortStorage", .i16), ("CharStorage", .i8),
        ("ByteStorage", .u8), ("BoolStorage", .bool),
    ]

    /// The element type of the storage class `name`; `nil` if it is not supported.
    static func type(ofStorageClass name: String) -> DataType? {
        storageClasses.first { $0.name == name }?.type
    }

    /// The storage class for elements of `type`.
    static func storageClass(of type: DataType) -> String {
        switch type {
        case .f64: "DoubleStorage"
        case .f32: "FloatStorage"
        case .bf16: "BFloat16Storage"
        case .f16: "HalfStorage"
        case .i64: "LongStorage"
        case .i32: "IntStorage"
        case .i16: "ShortStorage"
        case .i8: "CharStorage"
        case .u8: "ByteStorage"
        case .bool: "BoolStorage"
        }
    }
}
