/// What LoRA adds to a matrix: W′ = W + scale · B · A.
///
/// The factors are called as in RWKV-PEFT: the matrix's name without `.weight`, then `.lora_A` `[r, in]` and `.lora_B`
/// `[out, r]`.
public final class LowRankChange: Sendable {
    public let a: Parameter
    public let b: Parameter
    let scale: Float

    init(a: Parameter, b: Parameter, scale: Float) {
        self.a = a
        self.b = b
        self.scale = scale
    }

    /// The names of the factors of the matrix `name`.
    static func names(of name: String) -> (a: String, b: String) {
        let matrix = name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
        return (matrix + ".lora_A", matrix + ".lora_B")
    }
}
