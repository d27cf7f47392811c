internal import Foundation
internal import RWKV

/// The model that a training begins with: a checkpoint, or the one inside the program.
struct FirstModel {
    let path: String
    let checkpoint: AdaptedCheckpoint

    init(_ path: String) throws {
        // Absolute, so that a run can be resumed from anywhere.
        let named = NamedModel(path)
        self.path = named.path.map { URL(fileURLWithPath: $0).path } ?? builtInName
        checkpoint = try named.checkpoint()
    }

    var isBuiltIn: Bool { NamedModel(path).isBuiltIn }
}
