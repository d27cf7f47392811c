internal import Checkpoints

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The folder of a training run, held by one process at a time.
///
/// | file | what |
/// |---|---|
/// | `checkpoint.safetensors` | all that a resumed run needs |
/// | `best.safetensors` | the weights with the lowest validation loss |
/// | `model.safetensors` | the weights at the end |
/// | `tokenizer.json` or `vocabulary.txt` | a copy of the tokenizer, unless it is bytes |
/// | `log.jsonl` | one line per step |
/// | `curve.svg` | the loss over the steps |
/// | `config.json`, `samples.jsonl`, `report.html` | how it was made, what the model writes, a page to look at |
public final class RunFolder {
    public let path: String
    private let lock: Int32

    /// Makes the folder if it is not there, and takes its lock, which is released when the process ends in any way.
    /// - Throws: `TrainingError.folderInUse` if another process holds it; `cannotUseFolder` with the system's reason.
    public init(path: String) throws(TrainingError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .cannotUseFolder(path: path, reason: "it cannot be made")
        }
        lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw .cannotUseFolder(path: path, reason: String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .folderInUse(path: path)
        }
        // What a process that was killed had half written. Nobody else writes here while the lock is held.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix(".partial-") { unlink(path + "/" + name) }
    }

    deinit { close(lock) }

    /// The path of a file of the run.
    public func file(_ name: String) -> String { path + "/" + name }

    public var checkpoint: String { file("checkpoint.safetensors") }
    public var best: String { file("best.safetensors") }
    public var model: String { file("model.safetensors") }
    public var log: String { file("log.jsonl") }
    public var curve: String { file("curve.svg") }

    /// Whether a run has been begun here.
    public var hasCheckpoint: Bool { access(checkpoint, F_OK) == 0 }
}
