/// The classes and functions that a pickled state dict may name. None is ever run: each only says how its arguments are
/// to be read.
enum PickleGlobal: Equatable {
    /// `torch.FloatStorage` and its like.
    case storageClass(String)
    /// `torch.float32` and its like.
    case type(String)
    case rebuildTensor
    case rebuildTensorWithType
    case rebuildParameter
    case rebuildFromType
    case orderedDictionary
    /// `torch.Size`, a tuple of extents.
    case size
    /// Classes whose instances hold nothing that is needed.
    case ignoredClass

    /// What `module.name` means here; `nil` if it is not on the list.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorWithType
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            self = .rebuildParameter
        case ("torch._tensor", "_rebuild_from_type_v2"), ("torch._tensor", "_rebuild_from_type"):
            self = .rebuildFromType
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch", "Size"): self = .size
        case ("torch", "device"), ("torch.nn.parameter", "Parameter"), ("torch", "Tensor"), ("torch._tensor", "Tensor"),
            ("_codecs", "encode"):
            self = .ignoredClass
        // What trainers keep beside the model: settings, numbers of NumPy, states of its random generator.
        case ("argparse", "Namespace"), ("pathlib", "PosixPath"), ("numpy", "dtype"), ("numpy", "ndarray"),
            ("numpy.core.multiarray", "scalar"), ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct"):
            self = .ignoredClass
        case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storageClass(name)
        case ("torch", _), ("torch.cuda", _):
            if Self.storageClasses.contains(name) {
                self = .storageClass(name)
            } else if module == "torch", Self.types.contains(name) {
                self = .type(name)
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static let storageClasses: Set<String> = [
        "DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
        "CharStorage", "ByteStorage", "BoolStorage", "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage",
        "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage",
    ]

    private static let types: Set<String> = [
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "uint16",
        "uint32", "uint64", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "qint8", "quint8", "qint32",
    ]
}
