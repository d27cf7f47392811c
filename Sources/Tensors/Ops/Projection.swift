internal import CKernels

extension Tape {
    /// The rows of `x` times a matrix that is stored as `[in, out]`, as low-rank factors are, plus a vector.
    ///
    ///     y[t, n] = Σ_k x[t, k] · M[k, n] + b[n]
    ///
    /// - Parameters:
    ///   - x: `[T, K]`.
    ///   - matrix: `[K, N]`, `f32` or `bf16`. The backward pass needs `f32`.
    ///   - bias: `[N]`, if any.
    /// - Returns: `[T, N]`.
    /// - Complexity: O(T·N·K). An element is summed over k in order.
    public func project(_ x: Tensor, _ matrix: Parameter, bias: Parameter? = nil) -> Tensor {
        let y =
            if let narrowWeights {
                narrowLinear(x, matrix, narrowWeights, isTransposed: true)
            } else {
                projections(x, matrix, count: 1)[0]
            }
        if let bias { add([bias], toNew: y) }
        return y
    }

    /// One of several products.
    public typealias Projection = (x: Tensor, matrix: Parameter, bias: Parameter?)

    /// Products that do not depend on each other, each as `project` computes it.
    ///
    /// With few rows a product waits for memory, and a low-rank factor is read before several threads have begun to share it:
    /// here they take whole matrices, the largest first.
    public func project(_ products: [Projection]) -> [Tensor] {
        guard !isRecording, products.allSatisfy({ $0.x.rows <= 32 }) else {
            return products.map { project($0.x, $0.matrix, bias: $0.bias) }
        }
        let outputs = products.map { make($0.x.rows, $0.matrix.inputs) }
        for (x, matrix, bias) in products {
            precondition(
                matrix.count == x.width * matrix.inputs, "“\(matrix.name)” is \(matrix.shape), its input is \(x.shape)")
            if let bias { checkBias(bias, width: matrix.inputs) }
        }
        let parts = sharedParts(of: products)
        let largest = parts.first.map { products[$0.index].x.width * $0.columns.count } ?? 0
        workspace.parallel(parts.count, cost: Double(largest) / 8) { range in
            for (index, columns) in parts[range] {
                let ((x, matrix, bias), y) = (products[index], outputs[index])
                forwardBlock(y, x, matrix, part: 0, depth: x.width, 0..<x.rows, columns)
                guard let bias else { continue }
                for t in 0..<y.rows {
                    let place = y.row(t) + columns.lowerBound
                    kernels.table.add(place, place, bias.floats + columns.lowerBound, columns.count)
                }
            }
        }
        return outputs
    }

    /// Columns of the matrices for the threads to take, those of the largest matrix first; one thread takes them as they come.
    private func sharedParts(
        of products: [Projection]
    ) -> [(index: Int, columns: Range<Int>)] {
        if workspace.threads.threadCount == 1 {
            return products.indices.map { ($0, 0..<products[$0].matrix.inputs) }
        }
        let pieces = max(1, workspace.threads.threadCount / 2)
        var parts: [(index: Int, columns: Range<Int>)] = []
        for (index, product) in products.enumerated().sorted(by: { $0.element.matrix.count > $1.element.matrix.count })
        {
            let inputs = product.matrix.inputs
            let width = ((inputs + pieces - 1) / pieces + 31) / 32 * 32
            for start in stride(from: 0, to: inputs, by: width) {
                parts.append((index, start..<min(inputs, start + width)))
            }
        }
        return parts
    }

    /// Parts of the rows of `x`, each times a matrix of its own.
    ///
    ///     y_j[t, n] = Σ_k x[t, j·K + k] · M[j, k, n]
    ///
    /// RWKV-6 computes the mixes of its five projections so (`time_maa_w2`).
    /// - Parameters:
    ///   - x: `[T, J·K]`.
    ///   - matrices: `[J, K, N]`.
    /// - Returns: J tensors `[T, N]`.
    public func projections(_ x: Tensor, _ matrices: Parameter, count: Int) -> [Tensor] {
        let (n, all) = (matrices.inputs, x.width)
        let k = all / count
        precondition(matrices.count == all * n, "“\(matrices.name)” is \(matrices.shape), its input is \(x.shape)")
        let rows = x.rows
        let outputs = (0..<count).map { _ in make(rows, n) }
        for (j, y) in outputs.enumerated() {
            parallelBlocks(rows, n, depth: k) { rows, columns in
                forwardBlock(y, x, matrices, part: j, depth: k, rows, columns)
            }
        }
        record({ tape, gradients in
            let dx = tape.make(x.shape)
            let dm = gradients.wanted(matrices)
            for (j, y) in outputs.enumerated() {
                guard let dy = y.gradient else {
                    for t in 0..<rows { (dx.row(t) + j * k).update(repeating: 0, count: k) }
                    continue
                }
                let m = matrices.floats + j * k * n
                tape.workspace.parallel(rows, cost: Double(n * k) / 50) { part in
                    let t = part.lowerBound
                    tape.kernels.table.matmul_f32(dx.row(t) + j * k, all, dy.row(t), n, m, n, part.count, k, n)
                }
                guard let dm else { continue }
                tape.parallelBlocks(k, n, depth: rows) { inputs, columns in
                    tape.kernels.table.matmul_add_f32(
                        dm.pointer + (j * k + inputs.lowerBound) * n + columns.lowerBound, n,
                        x.pointer + j * k + inputs.lowerBound, 1, all, dy.pointer + columns.lowerBound, n, inputs.count,
                        columns.count, rows, 1)
                }
            }
            tape.contribute(dx, to: x)
        })
        return outputs
    }

    /// A block of y_j[t, n] = Σ_k x[t, j·K + k] · M[j, k, n].
    private func forwardBlock(
        _ y: Tensor, _ x: Tensor, _ matrices: Parameter, part j: Int, depth k: Int, _ rows: Range<Int>,
        _ columns: Range<Int>
    ) {
        let (n, all) = (matrices.inputs, x.width)
        let target = y.row(rows.lowerBound) + columns.lowerBound
        let (source, offset) = (x.row(rows.lowerBound) + j * k, j * k * n + columns.lowerBound)
        if matrices.value.type == .bf16 {
            kernels.table.matmul_add_bf16(
                target, n, source, all, 1, matrices.halves + offset, n, rows.count, columns.count, k, 0)
        } else {
            kernels.table.matmul_add_f32(
                target, n, source, all, 1, matrices.floats + offset, n, rows.count, columns.count, k, 0)
        }
    }

    /// Each row times a matrix of its own.
    ///
    ///     y[t, n] = Σ_k x[t, k] · M[t, k, n]
    ///
    /// - Parameters:
    ///   - x: `[T, K]`.
    ///   - matrices: `[T, K·N]`, each row a matrix `[K, N]`.
    /// - Returns: `[T, N]`.
    public func rowwiseProduct(_ x: Tensor, _ matrices: Tensor) -> Tensor {
        let k = x.width
        let n = matrices.width / k
        precondition(
            matrices.width == k * n && matrices.rows == x.rows, "\(matrices.shape) are no matrices for \(x.shape)")
        let y = make(x.rows, n)
        workspace.parallel(x.rows, cost: Double(n * k) / 10) { rows in
            for t in rows {
                kernels.table.matmul_add_f32(y.row(t), n, x.row(t), k, 1, matrices.row(t), n, 1, n, k, 0)
            }
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let (dx, dm) = (tape.make(x.shape), tape.make(matrices.shape))
            tape.workspace.parallel(x.rows, cost: Double(n * k) / 5) { rows in
                for t in rows {
                    tape.kernels.table.matmul_f32(dx.row(t), k, dy.row(t), n, matrices.row(t), n, 1, k, n)
                    tape.kernels.table.matmul_add_f32(dm.row(t), n, x.row(t), 1, k, dy.row(t), n, k, n, 1, 0)
                }
            }
            tape.contribute(dx, to: x)
            tape.contribute(dm, to: matrices)
        })
        return y
    }
}
