internal import LanguageModels
public import Tensors

/// Chooses the type of each matrix from what quantising it does to the model's predictions.
///
/// Every matrix is quantised alone in its smallest type, and the divergence from the original model is measured on a text.
/// For small errors, the divergence grows with their squares, so that for another type it is
///
///     KL(type) = KL(smallest) · error(type) / error(smallest)
///
/// with `error` as in `InputStatistics`, and the divergences of matrices add up. From all in their smallest type, the choice
/// goes to larger ones in order of divergence saved per byte, until the size asked for is reached.
public struct TypeChooser {
    /// What a type of one matrix costs.
    public struct Option: Sendable, Equatable {
        public let type: DataType
        public let byteCount: Int
        /// Estimated, in nats per token; measured for the smallest type.
        public let divergence: Double

        package init(type: DataType, byteCount: Int, divergence: Double) {
            self.type = type
            self.byteCount = byteCount
            self.divergence = divergence
        }
    }

    /// The matrices and their types, from the smallest to the original.
    public let options: [String: [Option]]
    private let fixedByteCount: Int

    /// - Parameters:
    ///   - types: The types to choose from, beside the matrices' own.
    ///   - tokens: A text like those that the model will read.
    /// - Throws: `ModelError` for a token outside the vocabulary.
    /// - Complexity: Every matrix is quantised to every type, and the text is read once for every matrix; the trial models
    ///   together take as much memory as the quantised model.
    public init(
        _ quantizer: Quantizer, types: [DataType], reading tokens: [Int32], on workspace: Workspace,
        progress: (_ share: Double, _ what: String) -> Void = { _, _ in }
    ) throws {
        let matrices = quantizer.matrices
        let original = quantizer.model.tensors()
        var trials: [ComparedModel] = []
        var drafts: [(name: String, types: [(type: DataType, bytes: Int, error: Double)])] = []
        for (i, matrix) in matrices.enumerated() {
            progress(Double(i) / Double(matrices.count), "quantising \(matrix.name)")
            let fitting = Set(types.compactMap { Quantizer.fitting($0, matrix) })
            var draft: [(type: DataType, bytes: Int, error: Double)] = []
            for type in fitting.sorted(by: { $0.bitsPerWeight < $1.bitsPerWeight }) {
                let quantized = quantizer.quantized(matrix, type, on: workspace.threads)
                draft.append((type, quantized.byteCount, quantizer.error(matrix, quantized)))
                if draft.count == 1 {
                    var tensors = original
                    tensors[matrix.index] = quantized
                    trials.append(ComparedModel(try quantizer.model(tensors), on: workspace))
                }
            }
            draft.append((matrix.value.type, matrix.value.byteCount, 0))
            drafts.append((matrix.name, draft))
        }
        let comparison = ModelComparison(of: trials, with: ComparedModel(quantizer.model, on: workspace))
        let measured = try comparison.measure(tokens) { progress($0, "measuring") }.others
        var options: [String: [Option]] = [:]
        for (draft, divergence) in zip(drafts, measured) {
            let least = max(draft.types[0].error, .leastNormalMagnitude)
            options[draft.name] = draft.types.map { type, bytes, error in
                Option(type: type, byteCount: bytes, divergence: divergence.meanDivergence * error / least)
            }
        }
        self.options = options
        let quantizable = matrices.reduce(0) { $0 + $1.value.byteCount }
        fixedByteCount = quantizer.byteCount(TypePlan([:])) - quantizable
    }

    /// For choices that were measured elsewhere.
    package init(options: [String: [Option]], fixedByteCount: Int) {
        self.options = options
        self.fixedByteCount = fixedByteCount
    }

    /// The bytes of the model in the smallest types, and in its own.
    public var possibleByteCounts: ClosedRange<Int> {
        let all = options.values.map { $0.map(\.byteCount) }
        let least = all.reduce(fixedByteCount) { $0 + ($1.min() ?? 0) }
        return least...max(least, all.reduce(fixedByteCount) { $0 + ($1.max() ?? 0) })
    }

    /// The plan with the least divergence that is found for at most `byteCount` bytes.
    /// - Throws: `QuantizationError.tooSmall`.
    public func plan(byteCount: Int) throws(QuantizationError) -> TypePlan {
        var left = byteCount - possibleByteCounts.lowerBound
        guard left >= 0 else { throw .tooSmall(asked: byteCount, least: possibleByteCounts.lowerBound) }
        var chosen = options.mapValues { Self.efficient($0) }
        while true {
            let affordable = chosen.filter {
                $0.value.count > 1 && $0.value[1].byteCount - $0.value[0].byteCount <= left
            }
            // Names decide between equals, so that the same model always gives the same plan.
            guard
                let next = affordable.max(by: {
                    (Self.gain($0.value), $1.key) < (Self.gain($1.value), $0.key)
                })
            else { break }
            left -= next.value[1].byteCount - next.value[0].byteCount
            chosen[next.key]?.removeFirst()
        }
        return TypePlan(chosen.compactMapValues { $0.first?.type })
    }

    /// The estimated divergence of a plan, in nats per token.
    public func divergence(_ plan: TypePlan) -> Double {
        options.reduce(0) { sum, entry in
            sum + (entry.value.first { $0.type == plan.types[entry.key] }?.divergence ?? 0)
        }
    }

    /// The options in which each step up saves less divergence per byte than the one before: the lower convex hull.
    private static func efficient(_ options: [Option]) -> [Option] {
        var hull: [Option] = []
        for option in options.sorted(by: { ($0.byteCount, $0.divergence) < ($1.byteCount, $1.divergence) }) {
            if let last = hull.last, option.byteCount == last.byteCount || option.divergence >= last.divergence {
                continue
            }
            while hull.count > 1, gain(Array(hull.suffix(2))) <= gain([hull[hull.count - 1], option]) {
                hull.removeLast()
            }
            hull.append(option)
        }
        return hull
    }

    /// The divergence saved per byte by going from the first option to the second.
    private static func gain(_ options: [Option]) -> Double {
        (options[0].divergence - options[1].divergence) / Double(options[1].byteCount - options[0].byteCount)
    }
}

/// What can be wrong with a wish for a smaller model.
public enum QuantizationError: Error, Equatable, CustomStringConvertible {
    /// Even the smallest types need more bytes.
    case tooSmall(asked: Int, least: Int)

    public var description: String {
        switch self {
        case .tooSmall(let asked, let least):
            "the model was asked to fit into \(asked) bytes; in the smallest types it needs \(least)"
        }
    }
}

extension DataType {
    /// The bits that an element takes, its share of the block's scales included.
    public var bitsPerWeight: Double { 8 * Double(blockByteCount) / Double(blockLength) }
}
