public import Tensors

/// The tensors of a GGUF file of llama.cpp, under the official names and in the official shapes.
///
/// Read are the architectures rwkv6 and rwkv7. What llama.cpp's converters change is undone: low-rank factors are
/// transposed back, joined vectors parted, flattened ones given their shape, and a division of RWKV-6's output matrices by
/// powers of two (`rescale_every_n_layers`) is taken back exactly. Matrices stay in the type of the file, in place. The
/// first layer's v0, v1 and v2, which are copies that make llama.cpp happy, are left out.
public struct GGUFFile: Checkpoint, VocabularySource {
    public static let formatName = "GGUF"

    /// The architectures that are read, as `general.architecture` names them.
    public static let architectures = ["rwkv6", "rwkv7"]

    public let tensors: [StoredTensor]

    /// All keys with a single value, as text. Arrays and the tokenizer are left out.
    public let metadata: [String: String]

    private let tokenizer: GGUFTokenizer

    public static func recognizes(_ prefix: [UInt8]) -> Bool { prefix.starts(with: GGUFHeader.magic) }

    /// Opens a GGUF file whose bytes are `storage`.
    /// - Throws: `CheckpointError`: `truncated`, any of the GGUF cases, `duplicateName`, `unsupportedType`,
    ///   `shapeTooLarge`, `tooManyDimensions`, `rowsNotWholeBlocks`, `tensorOutsideData`, `tensorsOverlap`,
    ///   `unexpectedShape`.
    /// - Complexity: O(header + low-rank factors); the other tensors are not touched.
    public init(storage: Storage) throws(CheckpointError) {
        let header = try GGUFHeader(storage)
        let key = "general.architecture"
        guard let value = header.values[key] else { throw .missingKey(key) }
        let architecture = value.text ?? "an array"
        guard Self.architectures.contains(architecture) else {
            throw .architectureNotInFormat(
                found: architecture, format: Self.formatName, supported: Self.architectures)
        }
        tensors = try GGUFModelReader(header, architecture).officialTensors()
        tokenizer = GGUFTokenizer(header)
        metadata = header.values.filter { $0.key != GGUFHeader.tokenizerJSONKey }.compactMapValues(\.text)
    }

    public var vocabulary: [[UInt8]]? { tokenizer.vocabulary }

    public var tokenizerJSON: [UInt8]? { tokenizer.tokenizerJSON }

    public static func vocabularySource(in storage: Storage) throws(CheckpointError) -> (any VocabularySource)? {
        GGUFTokenizer(try GGUFHeader(storage))
    }
}

/// The tokenizer in a GGUF file, which can be read without the tensors.
struct GGUFTokenizer: VocabularySource {
    let tokenizerJSON: [UInt8]?
    private let tokens: GGUFArray?
    private let tokenTypes: GGUFArray?

    init(_ header: GGUFHeader) {
        tokenizerJSON = header.values[GGUFHeader.tokenizerJSONKey]?.text.map { Array($0.utf8) }
        let isRWKV = header.values["tokenizer.ggml.model"]?.text == "rwkv"
        tokens = isRWKV ? header.values["tokenizer.ggml.tokens"]?.array : nil
        tokenTypes = header.values["tokenizer.ggml.token_type"]?.array
    }

    /// The tokens of the tokenizer in the file, if it is of llama.cpp's kind “rwkv”; other kinds are not read.
    var vocabulary: [[UInt8]]? {
        guard let texts = tokens?.strings else { return nil }
        let types = tokenTypes?.integers ?? []
        return texts.enumerated().map { id, text in
            let isToken = id >= types.count || !GGUFTokenType.withoutText.contains(types[id])
            return isToken ? GGUFTokenText.bytes(text) : []
        }
    }
}

extension GGUFValue {
    fileprivate var array: GGUFArray? {
        if case .array(let array) = self { array } else { nil }
    }
}
