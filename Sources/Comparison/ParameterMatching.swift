public import LanguageModels
internal import Tensors

extension ModelConfiguration {
    /// The number of a model's weights, without making them.
    /// - Throws: `ModelError` for sizes that the architecture cannot have.
    public func parameterCount() throws -> Int {
        var count = 0
        // The values are never looked at; those of one storage do for all.
        var largest = Storage(byteCount: 0)
        _ = try LanguageModel(self) { name, shape, role in
            if role != .adapter { count += shape.count }
            if largest.bytes.count < shape.count * 4 { largest = Storage(byteCount: shape.count * 4) }
            return StoredTensor(name: name, shape: shape, type: .f32, storage: largest)
        }
        return count
    }

    /// The sizes of a model of an architecture that has about so many parameters.
    ///
    /// The width is chosen first, so that the model with the architecture's usual sizes is nearest; the width of the channel
    /// mix then makes up for the rest, where there is one. Ranks of low-rank parts are those of the width.
    /// - Throws: `ComparisonError.cannotMatch` if the nearest is a tenth off or more.
    public static func matching(
        parameterCount target: Int, architecture name: String, layerCount: Int, vocabularySize: Int
    ) throws -> ModelConfiguration {
        func sized(_ width: Int, _ hidden: Int? = nil) -> ModelConfiguration {
            ModelConfiguration(
                architecture: name, layerCount: layerCount, width: width, hiddenWidth: hidden,
                vocabularySize: vocabularySize)
        }
        let hasHeads = architectures.first { $0.name == name }?.hasHeads ?? false
        // Heads of 32 channels at least, or 8 where the models are tiny; without heads any width will do.
        let step = !hasHeads ? 4 : target < 60_000 ? 8 : 32
        func distance(_ count: Int) -> Double { abs(Double(count) / Double(target) - 1) }
        var best = (configuration: sized(step), count: try sized(step).parameterCount())
        var width = 2 * step
        while best.count < target {
            let next = (configuration: sized(width), count: try sized(width).parameterCount())
            let isNearer = distance(next.count) < distance(best.count)
            if isNearer { best = next }
            if next.count >= target { break }
            width += step
        }
        let usual = best.configuration
        if usual.hiddenWidth != usual.width {
            let narrow = try sized(usual.width, 8).parameterCount()
            let perChannel = (best.count - narrow) / max(1, usual.hiddenWidth - 8)
            let wanted = 8 + (target - narrow) / max(1, perChannel)
            // Not so far from the usual width that it is another kind of model.
            let hidden = min(2 * usual.hiddenWidth, max(usual.hiddenWidth / 2, wanted / 8 * 8))
            let adjusted = sized(usual.width, hidden)
            best = (adjusted, try adjusted.parameterCount())
        }
        guard distance(best.count) < 0.1 else {
            throw ComparisonError.cannotMatch(architecture: name, parameterCount: target, nearest: best.count)
        }
        return best.configuration
    }
}
