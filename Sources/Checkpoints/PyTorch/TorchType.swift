import Tensors

/// PyTorch's names of the element types that are supported.
enum TorchType {
    /// The element type of the storage class `name`; `nil` if it is not supported.
    static func type(ofStorageClass name: String) -> DataType? {
        DataType.allCases.first { storageClass(of: $0) == name }
    }

    /// The storage class for elements of `type`; `nil` for quantised types, which PyTorch does not know.
    static func storageClass(of type: DataType) -> String? {
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
        default: nil
        }
    }
}
