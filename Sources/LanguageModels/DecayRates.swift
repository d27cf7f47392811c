internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension LanguageModel {
    /// After how many tokens half of what a channel or head remembers has faded, of each layer, the shortest first.
    ///
    ///     half-life = ln 2 / r,  where e^(−r) is what is left after a token
    ///
    /// A layer whose memory does not fade has none. For RWKV-6 and 7, whose factors depend on the token, they are those of
    /// a token that changes nothing: of `time_decay` and `w0` alone.
    public func decayHalfLives() -> [[Double]] {
        blocks.map { block in block.decayRates().map { log(2.0) / $0 }.sorted() }
    }
}

/// RWKV-4 to 6: the factor is e^(−e^x), so the rate is e^x.
func exponentialDecayRates(_ parameter: Parameter) -> [Double] {
    (parameter.value.floats() ?? []).map { exp(Double($0)) }
}

/// RWKV-7: the factor is e^(−σ(x)/√e), so the rate is σ(x)/√e, at most 0.6065.
func boundedDecayRates(_ parameter: Parameter) -> [Double] {
    (parameter.value.floats() ?? []).map { exp(-0.5) / (1 + exp(-Double($0))) }
}
