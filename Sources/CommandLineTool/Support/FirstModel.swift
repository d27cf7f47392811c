internal import Foundation
internal import RWKV

/// The model that a training begins with: a checkpoint, or the one inside the program.
struct FirstModel {
    let path: String
    let checkpoint: AdaptedCheckpoint

    init(_ path: String) throws {
        // Absolute, so that a run can be resumed from anywhere.
        self.path = path == builtInName ? path : URL(fileURLWithPath: path).path
        checkpoint = try AdaptedCheckpoint(Self.source(path))
    }

    var isBuiltIn: Bool { path == builtInName }

    /// The tensors of the checkpoint at `path`, or of the model inside.
    static func source(_ path: String) throws -> any TensorSource {
        path == builtInName ? try BuiltInModel.checkpoint() : try ModelCheckpoint(path: path)
    }
}
