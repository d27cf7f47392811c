internal import CKernels

extension Tape {
    /// The rows of the table that the tokens name.
    ///
    ///     y[t] = table[tokens[t]]
    ///
    /// - Parameters:
    ///   - tokens: Each in `0..<V`; the caller has checked that.
    ///   - table: `[V, C]`.
    /// - Returns: `[T, C]`.
    public func embedding(_ tokens: [Int32], _ table: Parameter) -> Tensor {
        let width = table.inputs
        precondition(
            tokens.allSatisfy { $0 >= 0 && $0 < table.outputs },
            "every token has a row in “\(table.name)” \(table.shape)")
        let y = make(tokens.count, width)
        for (row, token) in tokens.enumerated() {
            let start = Int(token) * width
            switch table.value.type {
            case .bf16: kernels.table.bf16_to_f32(y.row(row), table.halves + start, width)
            case .f32: y.row(row).update(from: table.floats + start, count: width)
            default: table.value.copyRow(Int(token), to: UnsafeMutableBufferPointer(start: y.row(row), count: width))
            }
        }
        record({ tape, gradients in
            guard let dy = y.gradient, let sum = gradients.wanted(table) else { return }
            // Columns are split and rows are not: a token that occurs twice is added twice, in order.
            tape.workspace.parallel(width, cost: Double(tokens.count) * 0.3, multiple: 16) { columns in
                for (row, token) in tokens.enumerated() {
                    let target = sum.row(Int(token)) + columns.lowerBound
                    tape.kernels.table.add(target, target, dy.row(row) + columns.lowerBound, columns.count)
                }
            }
        })
        return y
    }

    /// The rows of `x` with the given indices, in that order; each index at most once.
    public func rows(_ indices: [Int], of x: Tensor) -> Tensor {
        let y = make(indices.count, x.width)
        for (row, index) in indices.enumerated() { y.row(row).update(from: x.row(index), count: x.width) }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            dx.mutableValues.update(repeating: 0)
            for (row, index) in indices.enumerated() { dx.row(index).update(from: dy.row(row), count: x.width) }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
