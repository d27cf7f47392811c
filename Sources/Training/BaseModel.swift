public import Tensors

/// The model that LoRA or state tuning began with: where it is, and what tells it from others.
public struct BaseModel: Codable, Sendable, Equatable {
    public var path: String
    /// Of names, types, shapes and parts of the values.
    public var fingerprint: UInt64

    public init(path: String, _ source: some TensorSource) {
        self.path = path
        fingerprint = Self.fingerprint(source.tensors)
    }

    /// The bytes of each tensor's beginning and end that are looked at, so that large models take no time.
    private static let sample = 4096

    /// A hash (FNV-1a) that another model has by chance once in 2⁶⁴; it does not stand against forgery.
    static func fingerprint(_ tensors: [StoredTensor]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        for tensor in tensors.sorted(by: { $0.name < $1.name }) {
            add("\(tensor.name) \(tensor.type.rawValue) \(tensor.shape);".utf8)
            tensor.withBytes { bytes in
                add(bytes.prefix(sample))
                add(bytes.suffix(sample))
            }
        }
        return hash
    }
}
