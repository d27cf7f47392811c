/// Why a model's weights cannot be taken from a source.
public enum ParameterError: Error, Equatable, Sendable {
    case missingTensor(name: String)
    case unknownTensors(names: [String])
    case shapeMismatch(name: String, expected: Shape, found: Shape)
    case wrongType(name: String, found: DataType)
}

extension ParameterError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingTensor(let name):
            "the file has no tensor “\(name)”, which this model needs"
        case .unknownTensors(let names):
            "the file holds \(names.count) tensor\(names.count == 1 ? "" : "s") that this model does not have: "
                + names.prefix(5).map { "“\($0)”" }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
        case .shapeMismatch(let name, let expected, let found):
            "“\(name)” is \(found) in the file; this model needs \(expected)"
        case .wrongType(let name, let found):
            "“\(name)” holds \(found.rawValue) in the file; weights are F32, F64, BF16 or F16"
        }
    }
}
