public import Tensors

/// A first state that was learnt, as state tuning leaves it: of every layer, one matrix per head.
///
/// `blocks.{i}.att.time_state` is `[H, N, N]`, laid out `[H, V, K]`: a row per channel of the value, as the CUDA kernels
/// hold their state. The rows of the last token, which a state also holds, begin at zero.
public struct TunedState: Sendable {
    /// How a model's own state lays out the matrices.
    public enum Layout: Sendable {
        /// `[H, K, V]`: RWKV-5 and 6.
        case keyFirst
        /// `[H, V, K]`: RWKV-7.
        case valueFirst
    }

    /// The matrices, a layer after the other.
    private let matrices: [StoredTensor]

    /// - Parameter tensors: Any tensors; those of states are taken.
    /// - Throws: `CheckpointError`: `notAnAdapter` if there is no state among them; `tunedStateMissing`,
    ///   `tunedStateShapeMismatch`, `unsupportedType`.
    public init(_ tensors: [StoredTensor]) throws(CheckpointError) {
        var layers: [Int: StoredTensor] = [:]
        for tensor in tensors {
            if let layer = Self.layer(of: tensor.name) { layers[layer] = tensor }
        }
        guard !layers.isEmpty else {
            throw .notAnAdapter(needed: .tunedState, found: TensorFileKind(names: tensors.map(\.name)))
        }
        var matrices: [StoredTensor] = []
        for layer in 0..<layers.count {
            guard let matrix = layers[layer] else { throw .tunedStateMissing(name: Self.name(layer)) }
            let extents = matrix.shape.extents
            guard extents.count == 3, extents[1] == extents[2] else {
                throw .tunedStateShapeMismatch(name: matrix.name, needed: "[H, N, N]", found: matrix.shape)
            }
            guard matrix.shape == (matrices.first ?? matrix).shape else {
                throw .tunedStateShapeMismatch(
                    name: matrix.name, needed: "\(matrices[0].shape), as in layer 0", found: matrix.shape)
            }
            guard matrix.type.isFloatingPoint else {
                throw .unsupportedType(name: matrix.name, type: matrix.type.rawValue)
            }
            matrices.append(matrix)
        }
        self.matrices = matrices
    }

    /// The state as the tensors `state.j` that a model takes: per layer, the last row of the time mix, the matrices, the
    /// last row of the channel mix.
    /// - Throws: `CheckpointError`: `tunedStateForOtherModel` if `model` names tensors of a model with other sizes or of
    ///   RWKV-4, which has no such state.
    public func slots(for model: some TensorSource) throws(CheckpointError) -> [StoredTensor] {
        let sizes = try ModelSizes(model)
        guard sizes.layerCount == matrices.count else {
            throw .tunedStateForOtherModel(what: "layers", needed: sizes.layerCount, found: matrices.count)
        }
        let (heads, headSize) = (matrices[0].shape.extents[0], matrices[0].shape.extents[1])
        guard sizes.width == heads * headSize else {
            throw .tunedStateForOtherModel(what: "channels", needed: sizes.width, found: heads * headSize)
        }
        let row = [Float](repeating: 0, count: heads * headSize)
        return matrices.enumerated().flatMap { layer, matrix in
            [
                StoredTensor(name: "state.\(3 * layer)", shape: [row.count], floats: row),
                oriented(matrix, sizes.stateLayout).renamed("state.\(3 * layer + 1)"),
                StoredTensor(name: "state.\(3 * layer + 2)", shape: [row.count], floats: row),
            ]
        }
    }

    private func oriented(_ matrix: StoredTensor, _ layout: Layout) -> StoredTensor {
        guard layout == .keyFirst, let values = matrix.floats() else { return matrix }
        let (heads, size) = (matrix.shape.extents[0], matrix.shape.extents[1])
        var transposed = values
        for head in 0..<heads {
            for value in 0..<size {
                for key in 0..<size {
                    transposed[(head * size + key) * size + value] = values[(head * size + value) * size + key]
                }
            }
        }
        return StoredTensor(name: matrix.name, shape: matrix.shape, floats: transposed)
    }

    private static func name(_ layer: Int) -> String { "blocks.\(layer).att.time_state" }

    /// The layer whose state is called `name`; `nil` if that is the name of anything else.
    static func layer(of name: String) -> Int? {
        guard name.hasSuffix(".att.time_state"), let layer = Int(name.dropFirst(7).prefix { $0 != "." }), layer >= 0,
            name == Self.name(layer)
        else { return nil }
        return layer
    }
}
