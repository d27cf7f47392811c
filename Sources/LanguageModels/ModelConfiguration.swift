/// The sizes that fix a model's parameters: everything about it but their values.
public struct ModelConfiguration: Hashable, Sendable {
    /// The architecture's name, for example `rwkv7`.
    public var architecture: String
    /// L, the number of blocks.
    public var layerCount: Int
    /// C, the width of the residual stream.
    public var width: Int
    /// F, the width inside the channel mix.
    public var hiddenWidth: Int
    /// V, the number of tokens.
    public var vocabularySize: Int
    /// N, the channels of each head; as many as there are channels where an architecture has no heads.
    public var headSize: Int
    /// The ranks of the low-rank parts, by the names that the architecture gives them.
    public var ranks: [String: Int]
    /// What the group norm adds to the variance of each head.
    public var groupNormEpsilon: Float

    /// The weights that every model of these sizes has at least: two or more matrices of each block, the embeddings, the head.
    public var leastWeightCount: Int {
        let channelMix = [Elman.name, LSTM.name].contains(architecture) ? 0 : 2 * hiddenWidth
        return layerCount * width * (2 * width + channelMix) + 2 * vocabularySize * width
    }

    /// The number of heads.
    public var headCount: Int { width / headSize }

    /// Sizes as given, and the architecture's own where nothing is given.
    public init(
        architecture: String = RWKV4.name, layerCount: Int, width: Int, hiddenWidth: Int? = nil, vocabularySize: Int,
        headSize: Int? = nil, ranks: [String: Int]? = nil, groupNormEpsilon: Float = Self.officialGroupNormEpsilon
    ) {
        // What is out of bounds is refused by `validate`; until then it must not overflow.
        let bounded = max(0, min(width, Self.maximumSize))
        let usual = (try? LanguageModels.architecture(named: architecture))?.defaultSizes(width: bounded)
        self.architecture = architecture
        self.layerCount = layerCount
        self.width = width
        self.hiddenWidth = hiddenWidth ?? usual?.hiddenWidth ?? 4 * bounded
        self.vocabularySize = vocabularySize
        self.headSize = headSize ?? usual?.headSize ?? width
        self.ranks = ranks ?? usual?.ranks ?? [:]
        self.groupNormEpsilon = groupNormEpsilon
    }

    /// 1e-5 · 8², because the first trainers divided the input by 8 and added 1e-5.
    public static let officialGroupNormEpsilon: Float = 64e-5

    /// The most layers and the largest width, rank or vocabulary that a model may have: far beyond any published one, and
    /// small enough that no product of sizes overflows.
    public static let maximumLayerCount = 4096
    public static let maximumSize = 1 << 24

    /// Throws what is wrong with the sizes, if anything.
    func validate() throws(ModelError) {
        let sizes = [
            ("number of layers", layerCount), ("width", width), ("hidden width", hiddenWidth),
            ("vocabulary size", vocabularySize), ("head size", headSize),
        ]
        let rankSizes = ranks.keys.sorted().map { ("rank “\($0)”", ranks[$0] ?? 0) }
        for (what, size) in sizes + rankSizes where size < 1 {
            throw .invalidSize(what: what, found: size, needed: "at least 1")
        }
        for (what, size) in sizes + rankSizes {
            let limit = what == "number of layers" ? Self.maximumLayerCount : Self.maximumSize
            if size > limit { throw .invalidSize(what: what, found: size, needed: "at most \(limit)") }
        }
        if width % headSize != 0 {
            throw .invalidSize(what: "head size", found: headSize, needed: "a divisor of the width \(width)")
        }
    }
}

/// The sizes that an architecture's published models have at some width.
public struct DefaultSizes {
    /// F.
    public var hiddenWidth: Int
    /// N; `nil` where there are no heads.
    public var headSize: Int?
    /// The ranks of the low-rank parts.
    public var ranks: [String: Int] = [:]

    /// The head size of all published models, or the largest one that divides a narrower width.
    static func headSize(width: Int) -> Int { [64, 32, 16, 8, 4, 2].first { width % $0 == 0 } ?? width }

    /// 3.5 times the width, rounded down to a multiple of 32: the hidden width of RWKV-5 and 6.
    static func hiddenWidth5(width: Int) -> Int { max(32, width * 7 / 2 / 32 * 32) }
}

extension ModelConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case architecture, layerCount, width, hiddenWidth, vocabularySize, headSize, ranks, groupNormEpsilon
    }

    /// Decodes sizes; those that older files lack are the architecture's own.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            architecture: try values.decode(String.self, forKey: .architecture),
            layerCount: try values.decode(Int.self, forKey: .layerCount),
            width: try values.decode(Int.self, forKey: .width),
            hiddenWidth: try values.decode(Int.self, forKey: .hiddenWidth),
            vocabularySize: try values.decode(Int.self, forKey: .vocabularySize),
            headSize: try values.decodeIfPresent(Int.self, forKey: .headSize),
            ranks: try values.decodeIfPresent([String: Int].self, forKey: .ranks),
            groupNormEpsilon: try values.decodeIfPresent(Float.self, forKey: .groupNormEpsilon)
                ?? Self.officialGroupNormEpsilon)
    }
}
