internal import Foundation
internal import RWKV

/// The formats that are written, by the output's name.
enum OutputFormat: String {
    case safetensors, pth, gguf, bin

    init?(path: String) {
        let suffix = (path as NSString).pathExtension
        self.init(rawValue: suffix == "st" ? "safetensors" : suffix)
    }

    var name: String {
        switch self {
        case .safetensors: "a safetensors file"
        case .pth: "a .pth file"
        case .gguf: "a GGUF file"
        case .bin: "a file of rwkv.cpp"
        }
    }

    func holds(_ type: DataType) -> Bool {
        switch self {
        case .safetensors, .pth: !type.isQuantized
        case .gguf: true
        case .bin: type != .bf16 && type.blockLength < 256
        }
    }

    /// The names of the types that the format holds.
    var types: String {
        WeightType.allCases.filter { holds($0.dataType) }.map(\.rawValue).joined(separator: ", ")
    }

    /// A file's name without folder and suffix.
    static func stem(_ path: String) -> String {
        ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    }
}
