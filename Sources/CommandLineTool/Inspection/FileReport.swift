internal import Foundation
internal import RWKV

/// What there is to say of a file of tensors.
struct FileReport {
    /// The file's path; `nil` for the model inside the program.
    let path: String?
    let format: String
    /// Whose names the tensors have in the file, if not BlinkDL's.
    let naming: String?
    let fileByteCount: Int?
    let kind: ContentKind
    /// Why the tensors are no model that can be loaded.
    let problem: String?
    /// What only a model has.
    let model: ModelReport?
    let tensors: [StoredTensor]
    let metadata: [String: String]
    /// One for each tensor; `nil` if they were not asked for.
    let statistics: [TensorStatistics]?
    let notFinite: [NonFiniteValues]

    /// The report on the file or folder at `path`; without one, on the model inside the program.
    /// - Throws: `CheckpointError` if the file cannot be read.
    init(path: String?, statisticsOn pool: ThreadPool?) throws {
        self.path = path
        let source: any TensorSource
        let carrier: (any VocabularySource)?
        if let path {
            let file = try ModelCheckpoint(path: path)
            (format, naming) = (file.formatName, file.dialectName)
            let status = try? FileManager.default.attributesOfItem(atPath: path)
            fileByteCount = status?[.type] as? FileAttributeType == .typeRegular ? status?[.size] as? Int : nil
            carrier = file
            source = file
        } else {
            source = try BuiltInModel.checkpoint()
            (format, naming, fileByteCount, carrier) = (SafetensorsFile.formatName, nil, nil, nil)
        }
        tensors = source.tensors
        metadata = source.metadata
        // A tuned state may lie beside the weights that it belongs to.
        let weights = TensorList(tensors: tensors.filter { !$0.name.hasSuffix(".time_state") })
        do {
            model = ModelReport(try LanguageModel(outlining: weights), weights, carrier, path: path)
            problem = nil
            kind = .model
        } catch {
            model = nil
            problem = "\(error)"
            kind = ContentKind(tensors)
        }
        let tensors = tensors
        statistics = pool.map { TensorStatistics.measure(tensors, on: $0) }
        notFinite =
            statistics.map { statistics in
                zip(tensors, statistics).compactMap { tensor, found in
                    if found.nanCount + found.infinityCount == 0 { return nil }
                    return NonFiniteValues(
                        name: tensor.name, nanCount: found.nanCount, infinityCount: found.infinityCount)
                }
            } ?? NonFiniteScan.scan(tensors)
    }

    /// What the report is about.
    var name: String { path ?? "the model inside the program" }

    /// The elements of all tensors, or a model's weights.
    var parameterCount: Int { model?.parameterCount ?? tensors.reduce(0) { $0 + $1.shape.count } }

    /// The bytes of all tensors.
    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// The types of the tensors, those with the most bytes first.
    var types: [(type: DataType, tensors: Int, elements: Int, bytes: Int)] {
        Dictionary(grouping: tensors, by: \.type).map { type, members in
            (
                type, members.count, members.reduce(0) { $0 + $1.shape.count },
                members.reduce(0) { $0 + $1.byteCount }
            )
        }.sorted { ($1.bytes, $0.type.rawValue) < ($0.bytes, $1.type.rawValue) }
    }
}

/// What there is to say of a model.
struct ModelReport {
    let architecture: String
    let sizes: ModelSizes
    let parameterCount: Int
    /// The bytes of the weights that one token needs, as they are in the file.
    let bytesReadPerToken: Int
    let stateByteCount: Int
    /// What the state grows by with each token; 0 where its size is constant.
    let stateBytesPerToken: Int
    let tokenizer: TokenizerReport

    init(_ model: LanguageModel, _ file: some TensorSource, _ carrier: (any VocabularySource)?, path: String?) {
        architecture = model.configuration.architecture
        sizes = ModelSizes(model.configuration)
        parameterCount = model.parameterCount
        let stored = Dictionary(file.tensors.map { ($0.name, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
        bytesReadPerToken = model.parameters.reduce(0) { sum, parameter in
            let byteCount = stored[parameter.name] ?? 0
            switch parameter.role {
            case .unused: return sum
            case .embedding: return sum + byteCount / max(parameter.shape.extents.first ?? 1, 1)
            default: return sum + byteCount
            }
        }
        let state = model.initialState()
        stateByteCount = state.byteCount
        stateBytesPerToken = state.layout.bytesPerToken
        tokenizer = TokenizerReport(
            carried: carrier, path: path, vocabularySize: model.configuration.vocabularySize)
    }
}

/// Which tokenizer goes with a model.
enum TokenizerReport {
    case inFile(vocabularySize: Int)
    case beside(path: String, vocabularySize: Int)
    case program(vocabularySize: Int)
    case bytes
    case none(reason: String)

    /// The one that the program would take, as in `ModelOptions.loadTokenizer`.
    init(carried: (any VocabularySource)?, path: String?, vocabularySize: Int) {
        do {
            if let carried, let found = try CarriedTokenizer.tokenizer(carried) {
                self = .inFile(vocabularySize: found.vocabularySize)
            } else if let path {
                switch try TokenizerOptions.locate(beside: path, vocabularySize: vocabularySize) {
                case let (tokenizer, path?)?: self = .beside(path: path, vocabularySize: tokenizer.vocabularySize)
                case (_, nil)?: self = .bytes
                case nil: self = .none(reason: "none found")
                }
            } else {
                self = .program(vocabularySize: try BuiltInModel.tokenizer().vocabularySize)
            }
        } catch {
            self = .none(reason: "\(error)")
        }
    }
}
