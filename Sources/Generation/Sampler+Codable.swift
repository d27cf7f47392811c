internal import Tensors

extension Sampler: Equatable {
    /// Whether both will choose alike from now on, given the same logits.
    public static func == (one: Sampler, other: Sampler) -> Bool {
        one.parameters == other.parameters && one.seed == other.seed && one.occurrences == other.occurrences
            && one.random == other.random
    }
}

extension Sampler: Codable {
    private enum CodingKeys: String, CodingKey { case parameters, seed, occurrences, random }

    /// - Throws: ``SamplingError`` for parameters that ``SamplingParameters/validated()`` refuses, besides decoding
    ///   errors.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            parameters: try values.decode(SamplingParameters.self, forKey: .parameters),
            seed: try values.decode(UInt64.self, forKey: .seed),
            occurrences: try values.decode(OccurrenceCounts.self, forKey: .occurrences),
            random: try values.decode(RandomNumbers.self, forKey: .random))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(parameters, forKey: .parameters)
        try values.encode(seed, forKey: .seed)
        try values.encode(occurrences, forKey: .occurrences)
        try values.encode(random, forKey: .random)
    }
}
