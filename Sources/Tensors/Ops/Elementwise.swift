/// What the element-wise ops have in common: they differ in their kernels only.
extension Tape {
    typealias Floats = UnsafeMutablePointer<Float>

    /// `y = f(x)`, element by element.
    /// - Parameters:
    ///   - cost: About how many nanoseconds an element takes.
    ///   - forward: Writes n elements of y from those of x.
    ///   - backward: Writes n elements of dx from those of dy, x and y.
    func elementwise(
        _ x: Tensor, cost: Double, op: StaticString = #function,
        forward: (_ k: Kernels, _ y: Floats, _ x: Floats, _ n: Int) -> Void,
        backward: @escaping (_ k: Kernels, _ dx: Floats, _ dy: Floats, _ x: Floats, _ y: Floats, _ n: Int) -> Void
    ) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: cost, op: op) { range in
            let i = range.lowerBound
            forward(kernels, y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: cost, op: op) { range in
                let i = range.lowerBound
                backward(tape.kernels, dx.pointer + i, dy.pointer + i, x.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// `y = f(a, b)`, element by element, for tensors of one shape.
    /// - Parameters:
    ///   - forward: Writes n elements of y from those of a and b.
    ///   - backward: Writes n elements of da and db from those of dy, a and b.
    func elementwise(
        _ a: Tensor, _ b: Tensor, cost: Double, op: StaticString = #function,
        forward: (_ k: Kernels, _ y: Floats, _ a: Floats, _ b: Floats, _ n: Int) -> Void,
        backward:
            @escaping (
                _ k: Kernels, _ da: Floats, _ db: Floats, _ dy: Floats, _ a: Floats, _ b: Floats, _ n: Int
            ) -> Void
    ) -> Tensor {
        precondition(a.shape == b.shape, "\(a.shape) and \(b.shape) differ")
        let y = make(a.shape)
        workspace.parallel(a.count, cost: cost, op: op) { range in
            let i = range.lowerBound
            forward(kernels, y.pointer + i, a.pointer + i, b.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let (da, db) = (tape.make(a.shape), tape.make(b.shape))
            tape.workspace.parallel(a.count, cost: 1.5 * cost, op: op) { range in
                let i = range.lowerBound
                backward(
                    tape.kernels, da.pointer + i, db.pointer + i, dy.pointer + i, a.pointer + i, b.pointer + i,
                    range.count)
            }
            tape.contribute(da, to: a)
            tape.contribute(db, to: b)
        })
        return y
    }
}
