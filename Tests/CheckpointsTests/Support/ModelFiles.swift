import Checkpoints
import Tensors
import TestSupport

/// The folder of a model in another project's naming. Made by `Scripts/make-dialect-fixtures`.
func dialectFixture(_ name: String) -> String { "\(packageFolder)/Tests/Fixtures/dialects/\(name)" }

extension TemporaryFolder {
    /// Writes tensors as a file called `name` and returns its path.
    func safetensors(_ name: String, _ tensors: [StoredTensor], metadata: [String: String] = [:]) throws -> String {
        try SafetensorsFile.write(tensors, metadata: metadata, to: file(name))
        return file(name)
    }
}

/// A tensor of the numbers first, first + 1, ….
func counting(_ name: String, _ shape: Shape, from first: Int = 0) -> StoredTensor {
    StoredTensor(name: name, shape: shape, floats: (0..<shape.count).map { Float(first + $0) })
}

extension TensorSource {
    /// The tensor called `name`.
    subscript(name: String) -> StoredTensor? { tensors.first { $0.name == name } }

    var names: Set<String> { Set(tensors.map(\.name)) }
}
