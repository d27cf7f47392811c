internal import CKernels

extension Tape {
    /// The most channels that a head of attention may have.
    public static let attentionHeadLimit = Int(CK_ATTENTION_LIMIT)

    /// Causal attention: each row's mean of the values so far, weighted by how its query agrees with their keys.
    ///
    ///     y[t] = Σ_{j≤t} p[t, j] v[j],  p[t, j] = softmax_j(q[t] · k[j] / √N)
    ///
    /// per head. Vaswani et al. 2017 (arXiv:1706.03762), computed page by page of keys with a running maximum, so that no
    /// matrix of all rows by all keys is ever held; the backward pass computes the weights again from each row's logarithm of
    /// the sum. Dao et al. 2022 (arXiv:2205.14135).
    ///
    /// Gradients go to the keys and values of this call, and not to what the cache held before it.
    /// - Parameters:
    ///   - q, k, v: `[rows, H·N]`.
    ///   - keys: The cache of keys, a page `[H·N, pageLength]`; k is added to it.
    ///   - values: The cache of values, a page `[pageLength, H·N]`; v is added to it.
    /// - Returns: `[rows, H·N]`.
    /// - Complexity: O(rows·positions·H·N) time; when recording, keeps H floats per row besides its tensors.
    public func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, keys: PagedSlot, values: PagedSlot, headSize n: Int,
        _ layout: SequenceLayout
    ) -> Tensor {
        let width = q.width
        let heads = width / n
        precondition(
            n <= Self.attentionHeadLimit, "heads have \(n) channels; at most \(CK_ATTENTION_LIMIT) are allowed")
        let blocks = PageBlock.blocks(layout, starts: keys.starts)
        remember(k, v, keys: keys, values: values, blocks)
        let y = make(q.shape)
        let logSums = isRecording ? make(heads, q.rows) : nil
        let scale = 1 / Float(n).squareRoot()
        let seen = blocks.reduce(0) { $0 + ($1.page + 1) * $1.rows.count } * PagedSlot.pageLength
        let table = kernels.table
        workspace.parallel(
            blocks.count * heads, cost: Double(seen * n) / Double(20 * max(1, blocks.count))
        ) { units in
            for unit in units {
                let (index, head) = unit.quotientAndRemainder(dividingBy: heads)
                let block = blocks[index]
                let (row, c) = (block.rows.lowerBound, head * n)
                withPointers(keys, values, block, head: head, headSize: n) { k, v in
                    table.attention(
                        y.row(row) + c, logSums.map { $0.row(head) + row }, q.row(row) + c, k, v, block.page + 1,
                        block.place + 1, width, width, block.rows.count, n, scale)
                }
            }
        }
        guard let logSums else { return y }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let (dq, dk, dv) = (tape.make(q.shape), tape.make(q.shape), tape.make(q.shape))
            dq.mutableValues.update(repeating: 0)
            let table = tape.kernels.table
            let cost = Double(seen * n) / Double(8 * layout.runs.count)
            tape.workspace.parallel(layout.runs.count * heads, cost: cost) { units in
                for unit in units {
                    let (sequence, head) = unit.quotientAndRemainder(dividingBy: heads)
                    let (run, start, c) = (layout.runs[sequence], keys.starts[sequence], head * n)
                    PageGradient.each(start: start, rows: run, headSize: n) { page in
                        let row = page.firstRow
                        table.attention_backward(
                            dq.row(row) + c, page.keys, page.values, dy.row(row) + c, y.row(row) + c, q.row(row) + c,
                            logSums.row(head) + row, keys.pages[sequence][page.index] + c * PagedSlot.pageLength,
                            values.pages[sequence][page.index] + c, page.seen, width, width, run.upperBound - row, n,
                            scale)
                        for (own, place) in page.own {
                            (dk.row(own) + c).update(from: page.keys + place * n, count: n)
                            (dv.row(own) + c).update(from: page.values + place * n, count: n)
                        }
                    }
                }
            }
            tape.contribute(dq, to: q)
            tape.contribute(dk, to: k)
            tape.contribute(dv, to: v)
        })
        return y
    }

    /// Adds the rows of k and v to their pages.
    private func remember(_ k: Tensor, _ v: Tensor, keys: PagedSlot, values: PagedSlot, _ blocks: [PageBlock]) {
        let (width, length) = (k.width, PagedSlot.pageLength)
        workspace.parallel(blocks.count, cost: Double(k.rows * width) / Double(max(1, blocks.count)), op: "attention") {
            part in
            for block in blocks[part] {
                let keyPage = keys.pages[block.sequence][block.page]
                let valuePage = values.pages[block.sequence][block.page]
                for (index, row) in block.rows.enumerated() {
                    let place = block.place + index
                    let key = k.row(row)
                    for c in 0..<width { keyPage[c * length + place] = key[c] }
                    (valuePage + place * width).update(from: v.row(row), count: width)
                }
            }
        }
    }

    /// Calls `body` with where a head's keys and values stand in the pages up to that of a block.
    private func withPointers(
        _ keys: PagedSlot, _ values: PagedSlot, _ block: PageBlock, head: Int, headSize n: Int,
        _ body: (UnsafePointer<UnsafePointer<Float>?>, UnsafePointer<UnsafePointer<Float>?>) -> Void
    ) {
        let count = block.page + 1
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: 2 * count) { pointers in
            guard let base = pointers.baseAddress else { return }
            for page in 0..<count {
                (base + page).initialize(
                    to: UnsafePointer(keys.pages[block.sequence][page] + head * n * PagedSlot.pageLength))
                (base + count + page).initialize(to: UnsafePointer(values.pages[block.sequence][page] + head * n))
            }
            body(base, base + count)
        }
    }
}

/// One page on the way back through attention: the rows that see it, and room for the gradients of its keys and values.
private struct PageGradient {
    let index: Int
    /// The first row of the call that sees the page.
    let firstRow: Int
    /// How many of the page's keys that row sees; the rows after it see one more each.
    let seen: Int
    /// The rows of the call that stand in the page, and their places there.
    let own: [(row: Int, place: Int)]
    /// `[pageLength, N]`, zero at first.
    let keys, values: UnsafeMutablePointer<Float>

    /// Goes through the pages that rows from position `start` on see, in order.
    static func each(start: Int, rows: Range<Int>, headSize n: Int, _ body: (PageGradient) -> Void) {
        let length = PagedSlot.pageLength
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * length * n) { memory in
            guard let base = memory.baseAddress else { return }
            for index in 0...(start + rows.count - 1) / length {
                base.update(repeating: 0, count: 2 * length * n)
                // The positions of the page's keys.
                let page = index * length..<(index + 1) * length
                let first = max(start, page.lowerBound)
                let own = first..<max(first, min(start + rows.count, page.upperBound))
                body(
                    PageGradient(
                        index: index, firstRow: rows.lowerBound + first - start, seen: first - page.lowerBound + 1,
                        own: own.map { (rows.lowerBound + $0 - start, $0 - page.lowerBound) }, keys: base,
                        values: base + length * n))
            }
        }
    }
}
