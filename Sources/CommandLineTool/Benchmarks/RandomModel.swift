internal import ArgumentParser
internal import RWKV

/// The sizes of a model with random weights, as in `rwkv7:L12:D768:V65536`: layers, width, vocabulary, and `F` for a channel
/// mix other than the architecture's own.
struct RandomModel: ExpressibleByArgument {
    let configuration: ModelConfiguration
    // As it was written on the command line.
    private let argument: String

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, let architecture = architectures.first(where: { $0.name == name }) else {
            return nil
        }
        var sizes: [Character: Int] = [:]
        for part in parts.dropFirst() {
            guard let letter = part.first, "LDVF".contains(letter), let size = Int(part.dropFirst()),
                (1...1_000_000).contains(size), sizes.updateValue(size, forKey: letter) == nil
            else { return nil }
        }
        guard let layers = sizes["L"], let width = sizes["D"] else { return nil }
        self.argument = argument
        configuration = ModelConfiguration(
            architecture: architecture.name, layerCount: layers, width: width, hiddenWidth: sizes["F"],
            vocabularySize: sizes["V"] ?? 65536)
    }

    var defaultValueDescription: String { argument }

    /// A model of these sizes whose matrices have the type `type`, where their rows are whole blocks of it, and else `bf16`.
    func model(_ type: DataType) throws -> LanguageModel {
        var random = RandomNumbers(seed: 1)
        return try LanguageModel(configuration) { name, shape, role in
            let isMatrix = role == .matrix || role == .embedding
            if isMatrix { return Self.matrix(name, shape, type, &random) }
            let values = (0..<shape.count).map { _ in random.uniform(in: -0.5...0.5) }
            let tensor = StoredTensor(name: name, shape: shape, floats: values)
            // As in published checkpoints, whose numbers have 16 bits.
            return role == .factor ? tensor.converted(to: .bf16) : tensor
        }
    }

    private static func matrix(
        _ name: String, _ shape: Shape, _ wanted: DataType, _ random: inout RandomNumbers
    ) -> StoredTensor {
        let width = shape.extents.last ?? 1
        let type = width.isMultiple(of: wanted.blockLength) ? wanted : .bf16
        // One row is drawn; the others hold the same weights, rotated by the row's number of blocks.
        let blocks = width / type.blockLength
        let bound = Float(width).squareRoot()
        let row = StoredTensor(
            name: name, shape: [1, width], floats: (0..<width).map { _ in random.uniform(in: -1...1) / bound }
        ).converted(to: type)
        let storage = Storage(byteCount: shape.count / type.blockLength * type.blockByteCount)
        row.withBytes { bytes in
            guard let target = storage.mutableBytes else { return }
            for index in 0..<shape.count / width {
                let first = index * 7 % blocks * type.blockByteCount
                let start = index * bytes.count
                UnsafeMutableRawBufferPointer(rebasing: target[start...])
                    .copyBytes(from: bytes[first...])
                UnsafeMutableRawBufferPointer(rebasing: target[(start + bytes.count - first)...])
                    .copyBytes(from: bytes[..<first])
            }
        }
        return StoredTensor(name: name, shape: shape, type: type, storage: storage)
    }
}
