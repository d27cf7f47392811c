public import LanguageModels
public import Tensors

/// Makes a model smaller: its matrices become blocks of small integers, all else stays what it is.
///
/// Vectors, norms and low-rank factors are a few percent of a model and stand where errors are not averaged out, so they keep
/// their numbers.
public struct Quantizer {
    public let model: LanguageModel
    private let statistics: InputStatistics?
    private let keptNames: Set<String>

    /// - Parameters:
    ///   - statistics: Of a text like those that the model will read; without them all columns count alike.
    ///   - kept: Names of matrices that are not to be quantised.
    public init(_ model: LanguageModel, statistics: InputStatistics? = nil, keeping kept: Set<String> = []) {
        self.model = model
        self.statistics = statistics
        keptNames = kept
    }

    /// The matrices that can be quantised.
    public var matrices: [Parameter] {
        model.parameters.filter { parameter in
            (parameter.role == .matrix || parameter.role == .embedding) && !keptNames.contains(parameter.name)
                && Self.fitting(.q8_0, parameter) != nil
        }
    }

    /// All matrices in `type`. Rows that are no whole blocks of 256 get blocks of 32 of at least as many bits, as in
    /// llama.cpp: `q5_0` for `q4_K`, `q5_1` for `q5_K`, `q8_0` for `q6_K`; rows that are none of 32 stay.
    public func plan(_ type: DataType) -> TypePlan {
        TypePlan(
            Dictionary(
                matrices.compactMap { matrix in Self.fitting(type, matrix).map { (matrix.name, $0) } },
                uniquingKeysWith: { first, _ in first }))
    }

    /// The bytes of the model's tensors with a plan. All that is no matrix is in `f32`.
    public func byteCount(_ plan: TypePlan) -> Int {
        model.parameters.reduce(0) { sum, parameter in
            let own = parameter.role == .matrix || parameter.role == .embedding ? parameter.value.type : .f32
            return sum + ((plan.types[parameter.name] ?? own).byteCount(of: parameter.count) ?? 0)
        }
    }

    /// The tensors of the model with a plan applied.
    /// - Parameter progress: Is told the share that is done.
    /// - Complexity: About 50 ns for each weight on one thread.
    public func tensors(
        _ plan: TypePlan, on threads: ThreadPool, progress: (Double) -> Void = { _ in }
    ) -> [StoredTensor] {
        let total = Double(max(1, model.parameterCount))
        var done = 0
        return model.parameters.map { parameter in
            defer {
                done += parameter.count
                progress(Double(done) / total)
            }
            guard let type = plan.types[parameter.name] else { return parameter.value }
            return quantized(parameter, type, on: threads)
        }
    }

    /// A model of such tensors.
    public func model(_ tensors: [StoredTensor]) throws -> LanguageModel {
        let epsilon = ["group_norm_epsilon": "\(model.configuration.groupNormEpsilon)"]
        return try LanguageModel(
            loading: TensorList(tensors: tensors, metadata: epsilon), initialState: model.initialState().tensors())
    }

    func quantized(_ parameter: Parameter, _ type: DataType, on threads: ThreadPool) -> StoredTensor {
        parameter.value.quantized(to: type, importance: importance(parameter), on: threads)
    }

    /// Σ importance · (weight − decoded)².
    func error(_ parameter: Parameter, _ quantized: StoredTensor) -> Double {
        let (values, decoded) = (parameter.value.floats() ?? [], quantized.floats() ?? [])
        let importance = importance(parameter) ?? [Float](repeating: 1, count: parameter.shape.extents.last ?? 1)
        var sum = 0.0
        for row in stride(from: 0, to: values.count, by: importance.count) {
            var rowSum: Float = 0
            for k in importance.indices {
                let difference = values[row + k] - decoded[row + k]
                rowSum += importance[k] * difference * difference
            }
            sum += Double(rowSum)
        }
        return sum
    }

    private func importance(_ parameter: Parameter) -> [Float]? { statistics?.importance(of: parameter.name) }

    /// `type`, or what stands for it if the rows are no whole blocks of it.
    static func fitting(_ type: DataType, _ parameter: Parameter) -> DataType? {
        let width = parameter.shape.extents.last ?? 1
        if width.isMultiple(of: type.blockLength) { return type }
        let smaller: DataType? =
            switch type {
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            default: nil
            }
        return smaller.flatMap { width.isMultiple(of: $0.blockLength) ? $0 : nil }
    }
}
