internal import CKernels

extension Tape {
    /// RWKV-7's removal key, what is taken out of the state: each head of `k ⊙ scale`, made a unit vector.
    ///
    ///     z = k ⊙ scale;  y = z / max(‖z‖₂, 1e-12)
    ///
    /// Peng et al. 2025 (arXiv:2503.14456), section 4; the norm is PyTorch's `normalize` over the N channels of each head.
    /// - Parameters:
    ///   - k: `[T, H·N]`.
    ///   - scale: `k_k` `[C]`.
    public func removalKey(_ k: Tensor, scale: Parameter, headSize: Int) -> Tensor {
        let width = k.width
        let heads = width / headSize
        precondition(scale.count == width, "“\(scale.name)” is \(scale.shape), its input is \(k.shape)")
        let y = make(k.shape)
        // 1 / ‖z‖ of each head
        let inverse = isRecording ? make(k.rows, heads) : nil
        workspace.parallel(k.rows, cost: Double(width) * 0.6) { rows in
            let t = rows.lowerBound
            kernels.table.scale_columns(y.row(t), k.row(t), scale.floats, rows.count, width)
            kernels.table.normalize(y.row(t), inverse?.row(t), y.row(t), rows.count * heads, headSize)
        }
        guard let inverse else { return y }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let (dz, dk) = (tape.make(k.shape), tape.make(k.shape))
            tape.workspace.parallel(k.rows, cost: Double(width) * 0.6) { rows in
                let t = rows.lowerBound
                table.normalize_backward(
                    dz.row(t), dy.row(t), y.row(t), inverse.row(t), rows.count * heads, headSize)
                table.scale_columns(dk.row(t), dz.row(t), scale.floats, rows.count, width)
            }
            let sum = gradients[scale]
            tape.workspace.parallel(width, cost: Double(k.rows) * 0.2, multiple: 16) { columns in
                let c = columns.lowerBound
                table.column_dot(sum.pointer + c, dz.pointer + c, k.pointer + c, width, k.rows, columns.count)
            }
            tape.contribute(dk, to: k)
        })
        return y
    }

    /// RWKV-7's replacement key, what is written to the state: `k ⊙ (1 + (a − 1) ⊙ mix)`.
    ///
    /// Peng et al. 2025 (arXiv:2503.14456), section 4; a is the in-context learning rate.
    /// - Parameters:
    ///   - k: `[T, C]`.
    ///   - a: `[T, C]`.
    ///   - mix: `k_a` `[C]`.
    public func replacementKey(_ k: Tensor, _ a: Tensor, mix: Parameter) -> Tensor {
        let width = k.width
        let y = make(k.shape)
        workspace.parallel(k.rows, cost: Double(width) * 0.4) { rows in
            let t = rows.lowerBound
            kernels.table.replacement_key(y.row(t), k.row(t), a.row(t), mix.floats, rows.count, width)
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let (dk, da) = (tape.make(k.shape), tape.make(a.shape))
            tape.workspace.parallel(k.rows, cost: Double(width) * 0.6) { rows in
                let t = rows.lowerBound
                table.replacement_key_backward(
                    dk.row(t), da.row(t), dy.row(t), k.row(t), a.row(t), mix.floats, rows.count, width)
            }
            let dmix = gradients[mix]
            tape.workspace.parallel(width, cost: Double(k.rows) * 0.4, multiple: 16) { columns in
                let c = columns.lowerBound
                table.replacement_key_mix_gradient(
                    dmix.pointer + c, dy.pointer + c, k.pointer + c, a.pointer + c, width, k.rows, columns.count)
            }
            tape.contribute(dk, to: k)
            tape.contribute(da, to: a)
        })
        return y
    }

    /// RWKV-7's bonus for the present token, added to what each head reads from its state.
    ///
    ///     y[t, h] = x[t, h] + (Σ_n r[t, h, n] · k[t, h, n] · u[h, n]) v[t, h]
    ///
    /// - Parameters:
    ///   - x, r, k, v: `[T, H·N]`.
    ///   - u: `r_k` `[H, N]`.
    public func addHeadBonus(
        _ x: Tensor, _ r: Tensor, _ k: Tensor, _ v: Tensor, u: Parameter, headSize: Int
    ) -> Tensor {
        let width = x.width
        let heads = width / headSize
        precondition(u.count == width, "“\(u.name)” is \(u.shape), its input is \(x.shape)")
        let y = make(x.shape)
        workspace.parallel(x.rows, cost: Double(width) * 0.6) { rows in
            let t = rows.lowerBound
            kernels.table.head_bonus(
                y.row(t), x.row(t), r.row(t), k.row(t), v.row(t), u.floats, rows.count, heads, headSize)
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let (dr, dk, dv) = (tape.make(x.shape), tape.make(x.shape), tape.make(x.shape))
            let dots = tape.make(x.rows, heads)
            tape.workspace.parallel(x.rows, cost: Double(width)) { rows in
                let t = rows.lowerBound
                table.head_bonus_backward(
                    dr.row(t), dk.row(t), dv.row(t), dots.row(t), dy.row(t), r.row(t), k.row(t), v.row(t), u.floats,
                    rows.count, heads, headSize)
            }
            let du = gradients[u]
            tape.workspace.parallel(heads, cost: Double(x.rows * headSize) * 0.3) { part in
                for head in part {
                    let c = head * headSize
                    table.head_bonus_weight_gradient(
                        du.pointer + c, dots.pointer + head, r.pointer + c, k.pointer + c, width, heads, x.rows,
                        headSize)
                }
            }
            tape.contribute(dy, to: x)
            tape.contribute(dr, to: r)
            tape.contribute(dk, to: k)
            tape.contribute(dv, to: v)
        })
        return y
    }
}
