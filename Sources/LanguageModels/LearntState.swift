internal import Tensors

/// The matrices that the states of a block's heads begin with, while they are being learnt (state tuning).
public struct LearntState: Sendable {
    /// How a slot lays out the matrices; the parameter is `[H, V, K]`, as in the official files.
    enum Layout {
        /// `[H, K, V]`: RWKV-5 and 6.
        case keyFirst
        /// `[H, V, K]`: RWKV-7.
        case valueFirst
    }

    /// `time_state`, `[H, V, K]`.
    let parameter: Parameter
    let layout: Layout
    /// The block's slot that begins with it.
    let slot: Int

    /// `nil` unless the model is being state-tuned.
    init?(_ c: ModelConfiguration, _ layout: Layout, slot: Int, _ scope: ParameterScope) throws(ParameterError) {
        guard let found = try scope.firstState("time_state", [c.headCount, c.headSize, c.headSize]) else { return nil }
        parameter = found
        self.layout = layout
        self.slot = slot
    }

    /// Writes the parameter's values to a slot.
    func copy(to slot: UnsafeMutablePointer<Float>) {
        guard let values = parameter.mutableFloats else { return }
        exchange { official, own in slot[own] = values[official] }
    }

    /// Takes the parameter's values from a slot.
    func take(from slot: UnsafePointer<Float>) {
        guard let values = parameter.mutableFloats else { return }
        exchange { official, own in values[official] = slot[own] }
    }

    private func exchange(_ body: (_ official: Int, _ own: Int) -> Void) {
        let (heads, n) = (parameter.shape.extents[0], parameter.shape.extents[1])
        for head in 0..<heads {
            for v in 0..<n {
                for k in 0..<n {
                    let official = (head * n + v) * n + k
                    body(official, layout == .valueFirst ? official : (head * n + k) * n + v)
                }
            }
        }
    }
}
