package import RWKV

/// The sizes of a model.
package struct ModelSizes {
    /// Names as in JSON and as people say them, in the order of reading.
    package let sizes: [(key: String, label: String, value: Int)]

    package init(_ configuration: ModelConfiguration) {
        var sizes = [
            ("layers", "layers", configuration.layerCount), ("width", "width", configuration.width),
            ("hidden_width", "hidden width", configuration.hiddenWidth),
            ("vocabulary", "vocabulary", configuration.vocabularySize),
        ]
        if architectures.first(where: { $0.name == configuration.architecture })?.hasHeads ?? false {
            sizes.append(("heads", "heads", configuration.headCount))
            sizes.append(("head_size", "head size", configuration.headSize))
        }
        for (name, rank) in configuration.ranks.sorted(by: { $0.key < $1.key }) {
            sizes.append(("rank_\(name)", "rank of \(name)", rank))
        }
        self.sizes = sizes.map { (key: $0.0, label: $0.1, value: $0.2) }
    }
}
