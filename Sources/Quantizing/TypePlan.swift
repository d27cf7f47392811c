public import Tensors

/// Which type each matrix of a model gets, by name; what is not named stays as it is.
public struct TypePlan: Sendable, Equatable {
    public let types: [String: DataType]

    public init(_ types: [String: DataType]) { self.types = types }

    /// The types and how many matrices get each, the most frequent first.
    public var counts: [(type: DataType, count: Int)] {
        Dictionary(types.values.map { ($0, 1) }, uniquingKeysWith: +)
            .sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }
            .map { ($0.key, $0.value) }
    }
}
