/// The name of a low-rank factor.
///
/// The matrix is called as in the model but without `.weight`. RWKV-PEFT writes `….lora_A`; Hugging Face's `peft`,
/// `….lora_A.weight` or `….lora_A.default.weight`.
struct LoRAName: Hashable {
    enum Side: String { case a = "lora_A", b = "lora_B" }

    let matrix: String
    let side: Side
    /// Whether it is a factor of what PiSSA takes from the matrix before it trains.
    let isFirst: Bool

    init(matrix: String, side: Side, isFirst: Bool) {
        self.matrix = matrix
        self.side = side
        self.isFirst = isFirst
    }

    /// The name `text`; `nil` if it is not that of a factor.
    init?(_ text: String) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)[...]
        if parts.last == "weight" { parts.removeLast() }
        if parts.last == "default" { parts.removeLast() }
        guard let last = parts.popLast() else { return nil }
        isFirst = last.hasPrefix("init_")
        guard let side = Side(rawValue: String(isFirst ? last.dropFirst(5) : last)) else { return nil }
        self.side = side
        matrix = parts.joined(separator: ".")
    }
}
