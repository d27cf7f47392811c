extension Tape {
    /// Σ weights ⊙ x in double precision: a loss whose gradient is known, for checking the gradients of everything before.
    package func weightedSum(_ x: Tensor, weights: [Float]) -> Double {
        precondition(weights.count == x.count, "\(weights.count) weights for \(x.shape)")
        if isRecording {
            let gradient = make(x.shape)
            _ = gradient.mutableValues.update(from: weights)
            contribute(gradient, to: x)
        }
        return zip(x.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}
