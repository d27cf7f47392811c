import Tensors

/// Other names for a model's tensors than BlinkDL's, which are the ones used everywhere inside.
///
/// One file of source per dialect: a type that conforms to this protocol and is entered in `nameDialects`. A dialect is a
/// table, so that what a file lacks or has too much can be named as the file names it.
protocol NameDialect {
    /// What people call it.
    static var name: String { get }

    /// Names that all occur in files of this dialect, and never all in those of another.
    static var marks: [String] { get }

    /// What stands before the number of a layer.
    static var layerPrefix: String { get }

    /// The tensors outside of the layers, under their whole names.
    static var modelRules: [NameRule] { get }

    /// The tensors of a layer, under what follows `layerPrefix` and its number, and what follows `blocks.{i}.`.
    static var layerRules: [NameRule] { get }
}

/// All dialects, in the order in which they are asked whether a file is theirs.
var nameDialects: [any NameDialect.Type] {
    [
        HuggingFaceRWKV4.self, HuggingFaceRWKV5.self, HuggingFaceRWKV6.self, FlashLinearAttentionRWKV6.self,
        FlashLinearAttentionRWKV7.self, FirstFlashLinearAttentionRWKV7.self,
    ]
}

extension NameDialect {
    /// Whether a file with these names is of this dialect.
    static func recognizes(_ names: Set<String>) -> Bool { marks.allSatisfy(names.contains) }

    /// The same tensors under BlinkDL's names, in order of layers.
    ///
    /// They stay where they are in memory but for those whose elements BlinkDL stores in another order.
    /// - Throws: `CheckpointError`: `dialectTensorMissing`, `dialectTensorsUnknown`, `dialectShapeMismatch`, all in the
    ///   file's own naming.
    static func translate(_ tensors: [StoredTensor]) throws(CheckpointError) -> [StoredTensor] {
        var found = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var translated: [StoredTensor] = []
        for rule in modelRules {
            translated += try apply(rule, &found, from: "", to: "")
        }
        for layer in 0..<layerCount(found.keys) {
            for rule in layerRules where rule.scope.contains(layer) {
                translated += try apply(rule, &found, from: "\(layerPrefix)\(layer).", to: "blocks.\(layer).")
            }
        }
        let unknown = tensors.map(\.name).filter { found[$0] != nil }
        if !unknown.isEmpty { throw .dialectTensorsUnknown(names: unknown, dialect: name) }
        return translated
    }

    private static func apply(
        _ rule: NameRule, _ found: inout [String: StoredTensor], from prefix: String, to canonicalPrefix: String
    ) throws(CheckpointError) -> [StoredTensor] {
        guard let tensor = found.removeValue(forKey: prefix + rule.foreign) else {
            if rule.isOptional { return [] }
            throw .dialectTensorMissing(name: prefix + rule.foreign, dialect: name)
        }
        return try rule.translate(tensor, prefix: canonicalPrefix)
    }

    /// One more than the largest number of a layer; whatever it claims, the first missing layer ends the translation.
    private static func layerCount(_ names: some Sequence<String>) -> Int {
        var count = 1
        for name in names where name.hasPrefix(layerPrefix) {
            if let layer = Int(name.dropFirst(layerPrefix.count).prefix { $0 != "." }), (0..<Int.max).contains(layer) {
                count = max(count, layer + 1)
            }
        }
        return count
    }
}
