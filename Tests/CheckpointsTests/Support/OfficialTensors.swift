import Checkpoints
import Tensors

/// Models with official names and shapes and random weights, which bfloat16 can hold.
enum OfficialTensors {
    static let versions = ["4", "5.0", "5.1", "5.2", "6", "7"]

    /// A model of two layers, two heads of 32 channels, and 256 tokens.
    static func model(_ version: String, type: DataType = .f32, layers: Int = 2) -> [StoredTensor] {
        var random = RandomNumbers(seed: 7)
        return shapes(version, layers: layers).map { name, shape in
            let values = (0..<shape.count).map { _ in
                BFloat16.float(BFloat16.bits(Float(random.below(4001)) / 1000 - 2))
            }
            return StoredTensor(name: name, shape: shape, floats: values).converted(to: type)
        }
    }

    private static let (heads, size, width, hidden, vocabulary) = (2, 32, 64, 96, 256)

    private static func shapes(_ version: String, layers: Int) -> [(String, Shape)] {
        var all: [(String, Shape)] = [("emb.weight", [vocabulary, width])]
        for layer in 0..<layers {
            var block = norm("ln1") + norm("ln2") + projections("att", ["key", "value", "receptance", "output"])
            block += [("ffn.key.weight", [hidden, width]), ("ffn.value.weight", [width, hidden])]
            if layer == 0 { block += norm("ln0") }
            if version != "4" { block += norm("att.ln_x") }
            if version != "7" { block += projections("ffn", ["receptance"]) }
            block += particular(version)
            all += block.map { ("blocks.\(layer).\($0.0)", $0.1) }
        }
        return all + norm("ln_out") + [("head.weight", [vocabulary, width])]
    }

    private static func particular(_ version: String) -> [(String, Shape)] {
        let mixes = rows(["att.time_mix_k", "att.time_mix_v", "att.time_mix_r", "ffn.time_mix_k", "ffn.time_mix_r"])
        let gate = projections("att", ["gate"]) + rows(["att.time_mix_g"])
        switch version {
        case "4": return mixes + [("att.time_decay", [width]), ("att.time_first", [width])]
        case "5.0": return mixes + [("att.time_decay", [heads]), ("att.time_first", [heads])]
        case "5.1": return mixes + gate + [("att.time_decay", [heads]), ("att.time_faaaa", [heads])]
        case "5.2":
            return mixes + gate + [("att.time_decay", [heads, size]), ("att.time_faaaa", [heads, size])]
        case "6":
            return projections("att", ["gate"]) + rows(["x", "w", "k", "v", "r", "g"].map { "att.time_maa_\($0)" })
                + rows(["ffn.time_maa_k", "ffn.time_maa_r", "att.time_decay"]) + [
                    ("att.time_maa_w1", [width, 40]), ("att.time_maa_w2", [5, 8, width]),
                    ("att.time_decay_w1", [width, 12]), ("att.time_decay_w2", [12, width]),
                    ("att.time_faaaa", [heads, size]),
                ]
        default:
            let ranks = [("w", 12), ("a", 8), ("v", 4), ("g", 16)]
            return rows(["r", "w", "k", "v", "a", "g"].map { "att.x_\($0)" })
                + rows(["att.w0", "att.a0", "att.v0", "att.k_k", "att.k_a", "ffn.x_k"])
                + ranks.flatMap { letter, rank -> [(String, Shape)] in
                    [("att.\(letter)1", [width, rank]), ("att.\(letter)2", [rank, width])]
                } + [("att.r_k", [heads, size])]
        }
    }

    private static func norm(_ name: String) -> [(String, Shape)] {
        [("\(name).weight", [width]), ("\(name).bias", [width])]
    }

    private static func projections(_ part: String, _ names: [String]) -> [(String, Shape)] {
        names.map { ("\(part).\($0).weight", [width, width]) }
    }

    private static func rows(_ names: [String]) -> [(String, Shape)] { names.map { ($0, [1, 1, width]) } }
}

extension [StoredTensor] {
    /// Without the first layer's v0, v1 and v2, which no model uses.
    var used: [StoredTensor] { filter { !$0.name.hasPrefix("blocks.0.att.v") || $0.name.hasSuffix(".weight") } }

    subscript(name: String) -> StoredTensor? { first { $0.name == name } }
}

/// The bytes of a GGUF file of `tensors`.
func ggufBytes(
    _ tensors: [StoredTensor], type: DataType? = nil, vocabulary: [[UInt8]]? = nil
) throws -> [UInt8] {
    let sink = MemorySink()
    try GGUFFile.write(tensors, type: type, vocabulary: vocabulary, name: "tiny", to: sink)
    return sink.bytes
}

/// The bytes of a file of rwkv.cpp of `tensors`.
func rwkvCppBytes(_ tensors: [StoredTensor], type: DataType? = nil) throws -> [UInt8] {
    let sink = MemorySink()
    try RWKVCppFile.write(tensors, type: type, to: sink)
    return sink.bytes
}
