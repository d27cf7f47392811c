internal import ArgumentParser
internal import Foundation
internal import RWKV

/// How a run was made: every setting, the data's names, and the command that began it.
struct RunConfiguration: Encodable {
    let version: String
    let model: ModelConfiguration
    let parameters: Int
    let tuning: Tuning?
    let base: BaseModel?
    let training: TrainingOptions
    let threads: Int
    /// What the command remembers besides: data, validation, samples.
    let notes: [String: String]

    init(_ run: TrainingRun) {
        version = RWKVCommand.configuration.version
        model = run.progress.configuration
        parameters = run.trainer.model.parameterCount
        tuning = run.progress.tuning
        base = run.progress.base
        training = run.trainer.options
        threads = run.trainer.workspace.threads.threadCount
        notes = run.progress.notes
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
