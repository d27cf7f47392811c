internal import Tensors

extension ForwardContext {
    /// Runs a layer's block so that only its input is kept for the backward pass, with the part of the states that it moves
    /// on, and what it leaves for other layers.
    func recomputing(_ block: any Block, _ x: Tensor, on tape: Tape) -> Tensor {
        let before = savedSlots(on: tape)
        let carriedBefore = carried.firstValue
        let outputs = tape.recomputing { tape, again in
            // The second run moves copies on: the states themselves are long past.
            let context = again ? self.over(before, carriedBefore) : self
            let y = block(x, context, on: tape)
            // Only the layer that makes the first value gives it a gradient through this.
            guard carriedBefore == nil, let firstValue = context.carried.firstValue else { return [y] }
            return [y, firstValue]
        }
        return outputs[0]
    }
}
