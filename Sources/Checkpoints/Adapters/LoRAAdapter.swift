public import Tensors

/// Low-rank changes to a model's matrices, and whole tensors that replace its own.
///
///     W′ = W + (α / r) · B · A                   LoRA     (Hu et al. 2021, arXiv:2106.09685)
///     W′ = W − B₀ · A₀ + B · A                   PiSSA    (Meng et al. 2024, arXiv:2404.02948)
///
/// `{matrix}.lora_A` is A `[r, in]` and `{matrix}.lora_B` is B `[out, r]`, where {matrix} is the model's name without
/// `.weight`. Source: RWKV-PEFT, `merge/merge.py`.
public struct LoRAAdapter: Sendable {
    /// The two factors of a product.
    struct Factors {
        var a: StoredTensor
        var b: StoredTensor
        var rank: Int { a.shape.extents[0] }
    }

    private let changes: [String: Factors]
    private let firstFactors: [String: Factors]
    private let replacements: [StoredTensor]
    private let alpha: Float?

    /// - Parameters:
    ///   - source: The factors, opened as a `ModelCheckpoint`.
    ///   - alpha: α, which other programs' files do not hold: whoever trained chose it. If `nil`, what the file says, or else
    ///     the rank, for a scale of 1.
    ///   - firstFactors: For PiSSA, the file with B₀ and A₀ that was written when the training began.
    /// - Throws: `CheckpointError`: `notAnAdapter`, `loraFactorMissing`, `loraFactorsMismatch`, `unsupportedType`,
    ///   `loraAlphaOutOfRange`, `loraAlphaWithPiSSA`.
    public init(
        _ source: some TensorSource, alpha: Float? = nil, firstFactors: (any TensorSource)? = nil
    ) throws(CheckpointError) {
        let kind = TensorFileKind(names: source.tensors.map(\.name))
        guard kind == .lora else { throw .notAnAdapter(needed: .lora, found: kind) }
        var first = try Self.factors(source.tensors, areFirst: true)
        if let firstFactors {
            let kind = TensorFileKind(names: firstFactors.tensors.map(\.name))
            guard kind == .firstFactors else { throw .notAnAdapter(needed: .firstFactors, found: kind) }
            first.merge(try Self.factors(firstFactors.tensors, areFirst: true)) { $1 }
        }
        changes = try Self.factors(source.tensors, areFirst: false)
        self.firstFactors = first
        replacements = source.tensors.filter { LoRAName($0.name) == nil }
        // Files that this program writes say it.
        let alpha = alpha ?? (first.isEmpty ? source.metadata["lora_alpha"].flatMap(Float.init) : nil)
        self.alpha = alpha
        if let alpha, !alpha.isFinite { throw .loraAlphaOutOfRange(alpha: alpha) }
        if alpha != nil, !first.isEmpty { throw .loraAlphaWithPiSSA }
        for matrix in first.keys.sorted() where changes[matrix] == nil {
            throw .loraFactorMissing(name: "\(matrix).\(LoRAName.Side.a.rawValue)")
        }
        if !first.isEmpty {
            for matrix in changes.keys.sorted() where first[matrix] == nil {
                throw .loraFactorMissing(name: "\(matrix).init_\(LoRAName.Side.a.rawValue)")
            }
        }
    }

    /// The ranks of the factors, from small to large.
    public var ranks: [Int] { Set(changes.values.map(\.rank)).sorted() }

    /// Whether α was given, or is not needed.
    public var hasScale: Bool { alpha != nil || !firstFactors.isEmpty }

    /// The tensors of a model with the changes applied.
    ///
    /// Changed matrices are `f32`, in memory of their own; the other tensors stay where they are.
    /// - Throws: `CheckpointError`: `loraMatrixUnknown`, `loraShapeMismatch`, `loraTensorUnknown`, `unsupportedType`.
    /// - Complexity: O(elements of the changed matrices · rank).
    public func merged(into base: some TensorSource, on workspace: Workspace) throws(CheckpointError) -> TensorList {
        var places: [String: Int] = [:]
        for (index, tensor) in base.tensors.enumerated() { places[tensor.name] = index }
        var tensors = base.tensors
        let tape = Tape(on: workspace)
        for (matrix, factors) in changes.sorted(by: { $0.key < $1.key }) {
            guard let place = places[matrix + ".weight"] else { throw .loraMatrixUnknown(name: matrix) }
            var products = [(factors, scale: (alpha ?? Float(factors.rank)) / Float(factors.rank))]
            if let first = firstFactors[matrix] { products.insert((first, scale: -1), at: 0) }
            tensors[place] = try Self.sum(tensors[place], products, on: tape)
        }
        for replacement in replacements {
            guard let place = places[replacement.name] else {
                // State tuning may go along with the rest; models need not hold a state.
                guard TunedState.layer(of: replacement.name) != nil else {
                    throw .loraTensorUnknown(name: replacement.name)
                }
                tensors.append(replacement)
                continue
            }
            let needed = tensors[place].shape
            guard replacement.shape.squeezed == needed.squeezed else {
                throw .loraShapeMismatch(name: replacement.name, needed: needed, found: replacement.shape)
            }
            tensors[place] = replacement
        }
        return TensorList(tensors: tensors, metadata: base.metadata)
    }

    /// The pairs of factors among `tensors`, by matrix.
    private static func factors(
        _ tensors: [StoredTensor], areFirst: Bool
    ) throws(CheckpointError) -> [String: Factors] {
        var sides: [LoRAName: StoredTensor] = [:]
        for tensor in tensors {
            if let name = LoRAName(tensor.name), name.isFirst == areFirst { sides[name] = tensor }
        }
        let prefix = areFirst ? "init_" : ""
        var pairs: [String: Factors] = [:]
        for matrix in Set(sides.keys.map(\.matrix)).sorted() {
            func factor(_ side: LoRAName.Side) throws(CheckpointError) -> StoredTensor {
                guard let tensor = sides[LoRAName(matrix: matrix, side: side, isFirst: areFirst)] else {
                    throw .loraFactorMissing(name: "\(matrix).\(prefix)\(side.rawValue)")
                }
                guard tensor.type.isFloatingPoint else {
                    throw .unsupportedType(name: tensor.name, type: tensor.type.rawValue)
                }
                return tensor
            }
            let (a, b) = (try factor(.a), try factor(.b))
            guard a.shape.extents.count == 2, b.shape.extents.count == 2, a.shape.extents[0] == b.shape.extents[1],
                a.shape.extents[0] > 0
            else { throw .loraFactorsMismatch(name: matrix, a: a.shape, b: b.shape) }
            pairs[matrix] = Factors(a: a, b: b)
        }
        return pairs
    }

    /// W + Σ scale · B · A
    private static func sum(
        _ matrix: StoredTensor, _ products: [(factors: Factors, scale: Float)], on tape: Tape
    ) throws(CheckpointError) -> StoredTensor {
        guard var sum = matrix.floats() else {
            throw .unsupportedType(name: matrix.name, type: matrix.type.rawValue)
        }
        for (factors, scale) in products {
            let shape = Shape([factors.b.shape.extents[0], factors.a.shape.extents[1]])
            guard shape == matrix.shape else {
                throw .loraShapeMismatch(name: matrix.name, needed: matrix.shape, found: shape)
            }
            guard shape.count > 0 else { continue }
            let b = Tensor(factors.b.shape, in: tape.workspace.buffers)
            factors.b.copyFloats(to: b.mutableValues)
            let a = try factors.a.converted(to: .f32).transposed()
            let product = tape.linear(
                b, Parameter(index: 0, name: a.name, shape: a.shape, role: .matrix, learningRateScale: 1, value: a))
            for (index, value) in product.values.enumerated() { sum[index] += scale * value }
        }
        return StoredTensor(name: matrix.name, shape: matrix.shape, floats: sum)
    }
}
