/// Which weights of a model a training changes, and how.
///
/// | method | changes | its result |
/// |---|---|---|
/// | full | every weight that is not frozen | a model |
/// | lora | low-rank additions to matrices (Hu et al. 2021, arXiv:2106.09685) | two thin factors for each matrix |
/// | state | the state before the first token | a matrix for each head |
///
/// With the last two the model's own weights stay as they lie in its file, and need neither gradients nor moments.
public struct Tuning: Codable, Sendable, Equatable {
    public enum Method: String, Codable, Sendable, CaseIterable {
        case full, lora, state
    }

    public var method = Method.full
    /// Weights that stay as they are.
    public var frozen: [NamePattern] = []
    /// With LoRA and state tuning, weights of the model itself that learn all the same.
    public var alsoTrained: [NamePattern] = []
    public var lora = LoRASettings()

    public init(_ method: Method = .full) { self.method = method }

    /// Every weight learns.
    public static let full = Tuning()

    /// Whether the model's own weight `name` learns.
    public func trains(_ name: String) -> Bool {
        if frozen.contains(where: { $0.matches(name) }) { return false }
        return method == .full || alsoTrained.contains { $0.matches(name) }
    }

    /// The settings of the factors that are added to the matrix `name`, if any are.
    func lowRank(_ name: String) -> LoRASettings? {
        guard method == .lora, !trains(name), !frozen.contains(where: { $0.matches(name) }) else { return nil }
        return lora.targets.contains { $0.matches(name) } ? lora : nil
    }
}

/// The sizes of low-rank changes: W′ = W + (α / r) · B · A.
public struct LoRASettings: Codable, Sendable, Equatable {
    /// r, the rows of A and the columns of B.
    public var rank = 16
    /// α, which together with r scales the change.
    public var alpha: Float = 32
    /// The matrices that are changed; those of time mix and channel mix by default, as in RWKV-PEFT.
    public var targets: [NamePattern] = [NamePattern("att"), NamePattern("ffn")]
    /// Decides how the factors A begin; B begins at zero.
    public var seed: UInt64 = 1

    public init() {}

    var scale: Float { alpha / Float(rank) }
}
