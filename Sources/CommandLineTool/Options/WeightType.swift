internal import ArgumentParser
internal import RWKV

/// The types that weights can be written in.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, bf16, q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0

    init?(argument: String) { self.init(rawValue: argument.lowercased()) }

    var dataType: DataType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .q6_k: .q6_K
        case .q5_k: .q5_K
        case .q5_1: .q5_1
        case .q5_0: .q5_0
        case .q4_k: .q4_K
        case .q4_1: .q4_1
        case .q4_0: .q4_0
        }
    }

    /// The quantised ones, from large to small.
    static var quantized: [WeightType] { allCases.filter(\.dataType.isQuantized) }
}
