internal import CKernels

/// A quantised matrix in the order in which the products read it: panels of 16 outputs, side by side.
///
/// `CKPacked.h` has the layout. It takes as much memory as the tensor that it is made from, but for `Q4_K` and `Q5_K`, whose
/// scales of six bits become bytes (2.8 and 2.3 % more).
final class PackedMatrix: Sendable {
    let type: ck_quantization
    /// The bytes of a panel.
    let panelByteCount: Int
    private let storage: Storage

    /// - Parameters:
    ///   - matrix: `[N, K]` of a quantised type.
    ///   - arena: Where its memory comes from.
    /// - Complexity: One pass over the matrix.
    init(_ matrix: StoredTensor, in arena: PackingArena) {
        guard let type = Self.quantization(matrix.type) else {
            preconditionFailure("\(matrix.type.rawValue) has no blocks")
        }
        self.type = type
        let (n, k) = (matrix.shape.extents[0], matrix.shape.extents[1])
        panelByteCount = ck_packed_size(type, Int(CK_PANEL), k)
        storage = arena.take(ck_packed_size(type, n, k))
        let panelBytes = panelByteCount
        matrix.withBytes { source in
            guard let from = source.baseAddress, let to = storage.mutableBytes?.baseAddress, n > 0 else { return }
            let rowBytes = source.count / n
            let panels = (n + Int(CK_PANEL) - 1) / Int(CK_PANEL)
            // A part at a time, so that of a mapped file no more than one part is in memory twice.
            let partPanels = max(1, (8 << 20) / panelBytes)
            for start in stride(from: 0, to: panels, by: partPanels) {
                let end = min(start + partPanels, panels)
                // Small matrices are packed before a second thread has woken up.
                arena.run(end - start, grain: 1 + (256 << 10) / panelBytes) { range in
                    for panel in range.lowerBound + start..<range.upperBound + start {
                        let first = panel * Int(CK_PANEL)
                        ck_pack_panel(
                            type, (to + panel * panelBytes).assumingMemoryBound(to: UInt8.self),
                            (from + first * rowBytes).assumingMemoryBound(to: UInt8.self), rowBytes,
                            min(Int(CK_PANEL), n - first), k)
                    }
                }
                matrix.dropPages(before: min(end * Int(CK_PANEL), n) * rowBytes)
            }
        }
    }

    /// The panels from the one of `output`, which is a multiple of 16.
    func panels(from output: Int) -> UnsafePointer<UInt8> {
        guard let base = storage.bytes.baseAddress else { preconditionFailure("a packed matrix has memory") }
        return (base + output / Int(CK_PANEL) * panelByteCount).assumingMemoryBound(to: UInt8.self)
    }

    private static func quantization(_ type: DataType) -> ck_quantization? {
        switch type {
        case .q4_0: CK_Q4_0
        case .q4_1: CK_Q4_1
        case .q5_0: CK_Q5_0
        case .q5_1: CK_Q5_1
        case .q8_0: CK_Q8_0
        case .q4_K: CK_Q4_K
        case .q5_K: CK_Q5_K
        case .q6_K: CK_Q6_K
        default: nil
        }
    }
}
