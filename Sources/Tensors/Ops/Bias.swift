internal import CKernels

extension Tape {
    /// The rows of `x` times the transposed matrix, as `linear` has them, plus vectors.
    ///
    ///     y[t, n] = Σ_k x[t, k] · W[n, k] + Σ_j b_j[n]
    ///
    /// - Parameters:
    ///   - x: `[T, K]`.
    ///   - weight: `[N, K]`.
    ///   - biases: Of N elements each, added one after the other.
    /// - Returns: `[T, N]`.
    public func linear(_ x: Tensor, _ weight: Parameter, biases: [Parameter]) -> Tensor {
        let y = linear(x, weight)
        add(biases, toNew: y)
        return y
    }

    /// Adds vectors to every row of what a product has just made: nobody has seen it yet, and the product's backward pass does
    /// not look at it.
    func add(_ biases: [Parameter], toNew y: Tensor) {
        let width = y.width
        for bias in biases {
            checkBias(bias, width: width)
            workspace.parallel(y.rows, cost: Double(width) * 0.15) { rows in
                let t = rows.lowerBound
                kernels.table.add_columns(y.row(t), y.row(t), bias.floats, rows.count, width)
            }
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            for bias in biases {
                let sum = gradients[bias]
                tape.workspace.parallel(width, cost: Double(dy.rows) * 0.2, multiple: 16) { columns in
                    let c = columns.lowerBound
                    tape.kernels.table.column_sum(sum.pointer + c, dy.pointer + c, width, dy.rows, columns.count)
                }
            }
        })
    }

    func checkBias(_ bias: Parameter, width: Int) {
        precondition(bias.count == width, "“\(bias.name)” is \(bias.shape) for outputs of \(width)")
    }
}
