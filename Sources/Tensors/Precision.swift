/// How activations enter the products.
public enum Precision: String, Sendable, CaseIterable {
    /// As `f32`, whatever the weights are.
    case exact
    /// As bytes, with a scale for every 32, where the weights are quantised: several times as fast, and about as far off as
    /// eight-bit weights. As `bf16` where the weights are and the processor multiplies such numbers. Otherwise as `f32`.
    case fast
}
