internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The angles by which rotary position embeddings turn the rows of one call: cosines and sines, `[rows, N/2]` each.
public struct RotaryAngles {
    let headSize: Int
    let cosines, sines: Tensor
}

extension Tape {
    /// The angles of rows by their places in their sequences.
    ///
    ///     angle[t, i] = position[t] · base^(−2i/N)
    ///
    /// - Parameters:
    ///   - starts: The position of each sequence's first row.
    ///   - base: 10000 in Su et al. 2021 (arXiv:2104.09864).
    /// - Complexity: O(rows·N), in double precision: a position may be large.
    public func rotaryAngles(
        starts: [Int], headSize: Int, base: Double = 10_000, _ layout: SequenceLayout
    ) -> RotaryAngles {
        let half = headSize / 2
        let (cosines, sines) = (make(layout.rows, half), make(layout.rows, half))
        let frequencies = (0..<half).map { pow(base, -2 * Double($0) / Double(headSize)) }
        for (sequence, run) in layout.runs.enumerated() {
            workspace.parallel(run.count, cost: Double(half) * 30) { part in
                for index in part {
                    let row = run.lowerBound + index
                    let (c, s) = (cosines.row(row), sines.row(row))
                    for i in 0..<half {
                        let angle = Double(starts[sequence] + index) * frequencies[i]
                        c[i] = Float(cos(angle))
                        s[i] = Float(sin(angle))
                    }
                }
            }
        }
        return RotaryAngles(headSize: headSize, cosines: cosines, sines: sines)
    }

    /// Each head's halves (a, b) turned by the row's angles: `(a cos − b sin, b cos + a sin)`.
    ///
    /// The product of a turned query and a turned key depends on how far they are apart, and not on where they are. Su et
    /// al. 2021 (arXiv:2104.09864), with the halves paired as in GPT-NeoX.
    /// - Parameter x: `[rows, H·N]`.
    public func rotate(_ x: Tensor, _ angles: RotaryAngles) -> Tensor {
        let y = make(x.shape)
        turn(y, x, angles, direction: 1)
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.turn(dx, dy, angles, direction: -1)
            tape.contribute(dx, to: x)
        })
        return y
    }

    private func turn(_ y: Tensor, _ x: Tensor, _ angles: RotaryAngles, direction: Float) {
        let n = angles.headSize
        workspace.parallel(x.rows, cost: Double(x.width) * 0.4, op: "rotate") { rows in
            let t = rows.lowerBound
            kernels.table.rotate(
                y.row(t), x.row(t), angles.cosines.row(t), angles.sines.row(t), direction, rows.count, x.width / n, n)
        }
    }
}
