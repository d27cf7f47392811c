/// Where a model's layers declare their weights: a prefix of names over a store that loads or initialises them.
///
/// The declarations are the one list of names and shapes; loading, initialising, saving, optimising and inspecting all
/// follow it.
public struct ParameterScope {
    private let store: ParameterStore
    private let prefix: String

    /// The root scope of `store`.
    public init(_ store: ParameterStore) {
        self.store = store
        prefix = ""
    }

    private init(_ store: ParameterStore, prefix: String) {
        self.store = store
        self.prefix = prefix
    }

    /// The scope of names that begin with this one's prefix and `name`, joined by dots.
    public func scope(_ name: String) -> ParameterScope {
        ParameterScope(store, prefix: prefix + name + ".")
    }

    /// Declares a matrix `[outputs, inputs]`, applied as y = W·x.
    /// - Parameter takesLowRank: Whether LoRA may add to it; the op that applies it must then add what is added.
    public func matrix(
        _ name: String, _ outputs: Int, _ inputs: Int, takesLowRank: Bool = true, initially initializer: Initializer
    ) throws(ParameterError) -> Parameter {
        try store.declare(
            prefix + name, [outputs, inputs], .matrix, 1, initializer, takesLowRank: takesLowRank)
    }

    /// Declares a table `[V, C]` of one row per token.
    public func embedding(
        _ name: String, _ vocabulary: Int, _ width: Int, initially initializer: Initializer
    ) throws(ParameterError) -> Parameter {
        try store.declare(prefix + name, [vocabulary, width], .embedding, 1, initializer)
    }

    /// Declares a vector, stored in checkpoints with the shape `shape`.
    public func vector(
        _ name: String, _ shape: Shape, learningRateScale: Float = 1, initially initializer: Initializer
    ) throws(ParameterError) -> Parameter {
        try store.declare(prefix + name, shape, .vector, learningRateScale, initializer)
    }

    /// Declares a low-rank factor `[inputs, outputs]`, or several of one size, applied as y = x·M.
    public func factor(
        _ name: String, _ shape: Shape, initially initializer: Initializer
    ) throws(ParameterError) -> Parameter {
        try store.declare(prefix + name, shape, .factor, 1, initializer)
    }

    /// Declares the matrices `[H, V, K]` that the heads' states begin with, if it is they that learn.
    ///
    /// - Returns: `nil` unless the model is being state-tuned.
    public func firstState(_ name: String, _ shape: Shape) throws(ParameterError) -> Parameter? {
        try store.declareFirstState(prefix + name, shape)
    }

    /// Declares a tensor that official files hold and that no formula reads: it is kept for saving if the file has it, in
    /// whatever shape, and initialised as official files have it.
    public func unused(_ name: String, _ shape: Shape, initially initializer: Initializer) throws(ParameterError) {
        try store.declareUnused(prefix + name, shape, initializer)
    }
}
