internal import CKernels

/// Where a training step's dropout masks come from: the same for the same seed, step and place in the model.
public struct DropoutSource {
    let rate: Float
    let seed: UInt64
    let step: Int
    var uses: UInt64 = 0

    public init(rate: Float, seed: UInt64, step: Int) {
        self.rate = rate
        self.seed = seed
        self.step = step
    }
}

extension Tape {
    /// While training with dropout, sets elements of `x` to zero at random and scales the others up; otherwise gives back
    /// `x` itself.
    ///
    ///     y = mask ⊙ x / (1 − rate)
    ///
    /// Srivastava et al., 2014. Each row draws its own numbers, so the mask does not depend on the threads.
    public func dropout(_ x: Tensor) -> Tensor {
        guard isRecording, var source = dropout, source.rate > 0 else { return x }
        source.uses += 1
        dropout = source
        let y = make(x.shape)
        // Compared with 16 random bits: the rate is rounded to a multiple of 2⁻¹⁶.
        let threshold = UInt64(source.rate * 65536)
        let scale = 1 / (1 - Float(threshold) / 65536)
        let mask = make(x.shape)
        let width = x.width
        workspace.parallel(x.rows, cost: Double(width)) { rows in
            for row in rows {
                let place = source.uses << 40 | UInt64(row)
                var random = RandomNumbers(seed: source.seed &+ UInt64(source.step) &* 0x9E37_79B9, stream: place)
                let (m, from, to) = (mask.row(row), x.row(row), y.row(row))
                var bits: UInt64 = 0
                for i in 0..<width {
                    bits = i & 3 == 0 ? random.next() : bits >> 16
                    m[i] = bits & 0xFFFF < threshold ? 0 : scale
                    to[i] = from[i] * m[i]
                }
            }
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 0.5) { range in
                for i in range { dx.pointer[i] = dy.pointer[i] * mask.pointer[i] }
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
