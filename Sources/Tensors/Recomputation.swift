extension Tape {
    /// Runs `body` without keeping what its backward pass needs; the backward pass runs it a second time and goes back
    /// through that.
    ///
    /// So the memory of a model's activations becomes that of one block and of the residual stream between blocks, at the
    /// price of a second forward pass (Chen et al. 2016, arXiv:1604.06174). The gradients are the same bits.
    /// - Parameter body: Computes some tensors from tensors of this tape, on the tape that it is given. `again` is whether it
    ///   is the second run, which must find everything as the first did.
    /// - Returns: What the first run of `body` returns.
    public func recomputing(_ body: @escaping (_ tape: Tape, _ again: Bool) -> [Tensor]) -> [Tensor] {
        let dropoutBefore = dropout
        let first = Tape(on: workspace)
        first.dropout = dropout
        first.narrowWeights = narrowWeights
        let outputs = body(first, false)
        dropout = first.dropout
        record({ tape, gradients in
            let second = Tape(on: tape.workspace, gradients: gradients)
            second.dropout = dropoutBefore
            second.narrowWeights = tape.narrowWeights
            second.beginsWithFirstState = tape.beginsWithFirstState
            for (output, kept) in zip(body(second, true), outputs) { output.gradient = kept.gradient }
            second.backward()
        })
        return outputs
    }
}
