/// All weights of a model, in order of declaration, taken from a source or freshly initialised.
public final class ParameterStore {
    /// What has been declared so far.
    public private(set) var parameters: [Parameter] = []

    private var source: [String: StoredTensor]?
    private var sourceOrder: [String] = []
    private var random: RandomNumbers
    private var drawing: ((_ name: String, _ shape: Shape, _ role: ParameterRole) -> StoredTensor)?
    private let tuning: Tuning?
    private var factorRandom: RandomNumbers
    private let arena = PackingArena()

    /// A store that takes the weights from `source`.
    ///
    /// Matrices are used where they lie, if they are aligned; quantised ones are packed besides, and those of `f64` become
    /// `f32`. For a training, weights that learn become `f32` in memory of their own, and the others whatever the backward
    /// pass can read.
    /// - Parameter tuning: What a training is to change; `nil` if the model is only to run.
    public init(loading source: some TensorSource, training tuning: Tuning? = nil) {
        self.source = Dictionary(source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        sourceOrder = source.tensors.map(\.name)
        random = RandomNumbers(seed: 0)
        self.tuning = tuning
        factorRandom = RandomNumbers(seed: tuning?.lora.seed ?? 0, stream: 0x10AA)
    }

    /// A store that initialises every weight; the same seed gives the same weights.
    public init(seed: UInt64) {
        random = RandomNumbers(seed: seed, stream: 0x1417)
        factorRandom = random
        tuning = .full
    }

    /// A store whose weights are whatever `drawing` makes of their names, shapes and roles: for measurements, where values do
    /// not matter.
    public init(drawing: @escaping (_ name: String, _ shape: Shape, _ role: ParameterRole) -> StoredTensor) {
        self.drawing = drawing
        random = RandomNumbers(seed: 0)
        factorRandom = random
        tuning = nil
    }

    /// Throws if the source holds tensors that nobody declared.
    public func finish() throws(ParameterError) {
        guard let source else { return }
        let unknown = sourceOrder.filter { source[$0] != nil }
        if !unknown.isEmpty { throw .unknownTensors(names: unknown) }
    }

    func declare(
        _ name: String, _ shape: Shape, _ role: ParameterRole, _ learningRateScale: Float, _ initializer: Initializer,
        takesLowRank: Bool = true
    ) throws(ParameterError) -> Parameter {
        let value =
            if source != nil { try load(name, shape, role) } else if let drawing {
                draw(name, shape, role, drawing)
            } else {
                StoredTensor(name: name, shape: shape, floats: initializer.values(shape, &random))
            }
        let index = parameters.count
        let change = role == .matrix && takesLowRank ? try lowRankChange(name, shape, firstIndex: index + 1) : nil
        let parameter = Parameter(
            index: index, name: name, shape: shape, role: role, learningRateScale: learningRateScale, value: value,
            isTrained: tuning?.trains(name) ?? true, change: change, arena: arena)
        parameters.append(parameter)
        if let change { parameters += [change.a, change.b] }
        return parameter
    }

    /// The factors that LoRA adds to a matrix, from the source if it has them. A begins as PyTorch's linear layers do and B
    /// at zero, so that the change does (RWKV-PEFT does the same).
    private func lowRankChange(
        _ name: String, _ shape: Shape, firstIndex: Int
    ) throws(ParameterError) -> LowRankChange? {
        guard let settings = tuning?.lowRank(name) else { return nil }
        let (outputs, inputs) = (shape.extents[0], shape.extents[1])
        let names = LowRankChange.names(of: name)
        return LowRankChange(
            a: try adapter(
                names.a, [settings.rank, inputs], index: firstIndex, .uniform(1 / Float(inputs).squareRoot())),
            b: try adapter(names.b, [outputs, settings.rank], index: firstIndex + 1, .constant(0)),
            scale: settings.scale)
    }

    func declareFirstState(_ name: String, _ shape: Shape) throws(ParameterError) -> Parameter? {
        guard tuning?.method == .state else { return nil }
        let state = try adapter(name, shape, index: parameters.count, .constant(0))
        parameters.append(state)
        return state
    }

    private func adapter(
        _ name: String, _ shape: Shape, index: Int, _ initializer: Initializer
    ) throws(ParameterError) -> Parameter {
        let value =
            source?[name] != nil
            ? try load(name, shape, .adapter)
            : StoredTensor(name: name, shape: shape, floats: initializer.values(shape, &factorRandom))
        return Parameter(
            index: index, name: name, shape: shape, role: .adapter, learningRateScale: 1, value: value, arena: arena)
    }

    func declareUnused(_ name: String, _ shape: Shape, _ initializer: Initializer) throws(ParameterError) {
        if let source {
            guard let found = source[name] else { return }
            _ = try declare(name, found.shape, .unused, 1, initializer)
        } else {
            _ = try declare(name, shape, .unused, 1, initializer)
        }
    }

    private func draw(
        _ name: String, _ shape: Shape, _ role: ParameterRole, _ drawing: (String, Shape, ParameterRole) -> StoredTensor
    ) -> StoredTensor {
        let drawn = drawing(name, shape, role)
        return role == .factor ? factor(drawn, name, shape) : drawn
    }

    private func load(_ name: String, _ shape: Shape, _ role: ParameterRole) throws(ParameterError) -> StoredTensor {
        guard let found = source?.removeValue(forKey: name) else { throw .missingTensor(name: name) }
        // [C], [1, C] and [1, 1, C] are the same vector; checkpoints of different ages differ in it.
        guard found.shape.squeezed == shape.squeezed else {
            throw .shapeMismatch(name: name, expected: shape, found: found.shape)
        }
        guard found.type.holdsWeights else { throw .wrongType(name: name, found: found.type) }
        if role == .factor, tuning == nil { return factor(found, name, shape) }
        let (storage, offset) = found.location
        let inPlace =
            switch (role, found.type) {
            case (.adapter, _),
                (.factor, _) where tuning != nil:
                false
            case _ where tuning?.trains(name) ?? false: false
            // The backward pass reads matrices of these two types.
            case (.matrix, let type) where tuning != nil && type != .bf16 && type != .f32: false
            case (.matrix, .bf16), (.embedding, .bf16), (.matrix, .f16), (.embedding, .f16): offset % 2 == 0
            case (.matrix, let type) where type.isQuantized, (.embedding, let type) where type.isQuantized: true
            case (_, .f32): offset % 4 == 0
            default: false
            }
        if inPlace { return StoredTensor(name: name, shape: shape, type: found.type, storage: storage, offset: offset) }
        if found.type == .bf16 || found.type == .f16, role == .matrix || role == .embedding, tuning == nil {
            let copy = found.withBytes { Storage(copying: $0) }
            return StoredTensor(name: name, shape: shape, type: found.type, storage: copy)
        }
        let memory = Storage(byteCount: shape.count * 4)
        if let bytes = memory.mutableBytes { found.copyFloats(to: bytes.bindMemory(to: Float.self)) }
        return StoredTensor(name: name, shape: shape, type: .f32, storage: memory)
    }

    /// A factor in memory of large pages, with 16 bits for each number if that loses nothing: many factors are small, and
    /// together they are a quarter of what a token of a model with weights of four bits reads.
    private func factor(_ found: StoredTensor, _ name: String, _ shape: Shape) -> StoredTensor {
        let values = found.type == .bf16 ? nil : found.floats()
        let isNarrow = values?.allSatisfy { $0.bitPattern & 0xFFFF == 0 } ?? true
        let type: DataType = isNarrow ? .bf16 : .f32
        let (source, sourceOffset) = found.location
        let memory = arena.take(type.byteCount(of: shape.count) ?? 0)
        found.withBytes { bytes in
            guard let target = memory.mutableBytes else { return }
            switch (values, isNarrow) {
            case (nil, _): target.copyMemory(from: bytes)
            case (let values?, true):
                let halves = target.bindMemory(to: UInt16.self)
                for i in values.indices { halves[i] = UInt16(truncatingIfNeeded: values[i].bitPattern >> 16) }
            case (let values?, false): values.withUnsafeBytes { target.copyMemory(from: $0) }
            }
        }
        source.dropPages(offset: sourceOffset, count: found.byteCount)
        return StoredTensor(name: name, shape: shape, type: type, storage: memory)
    }
}
