internal import Foundation
internal import Plots
internal import RWKV

/// What a run's folder shows of it: `config.json`, `samples.jsonl`, `curve.svg` and `report.html`.
final class RunRecord {
    private let training: TrainingRun
    private let folder: RunFolder
    private let tokenizer: any Tokenizer
    private var samples: [TextSample]
    /// When writing may next be repeated: it takes at most a twentieth of the time.
    private var nextTime = 0.0

    init(_ training: TrainingRun, _ folder: RunFolder) throws {
        self.training = training
        self.folder = folder
        tokenizer = try TrainingSources(notes: training.progress.notes, folder: folder).keptTokenizer()
        samples = TextSample.read(folder.file(Self.samplesName), through: training.trainer.stepsDone)
    }

    private static let samplesName = "samples.jsonl"

    /// Writes everything, unless that was done a moment ago. What fails is written next time.
    func writeIfDue() {
        let now = monotonicSeconds()
        guard now >= nextTime else { return }
        try? write()
        nextTime = monotonicSeconds() + 19 * (monotonicSeconds() - now)
    }

    /// Writes everything as it stands.
    /// - Throws: `CheckpointError` if a file cannot be written.
    func write() throws {
        sample()
        let configuration = try RunConfiguration(training).json()
        try write(configuration, "config.json")
        if !samples.isEmpty { try write(TextSample.lines(samples), Self.samplesName) }
        let report = RunReport(training, folder, samples)
        try write(Array(report.loss.svg().utf8), "curve.svg")
        try write(Array(report.page(configuration: configuration).html().utf8), "report.html")
    }

    /// Has the model write, once per step. A model that cannot write must not end its training.
    private func sample() {
        let notes = training.progress.notes
        let step = training.trainer.stepsDone
        guard let count = notes["sample_tokens"].flatMap(Int.init), count > 0, samples.last?.step != step else {
            return
        }
        let sample = try? TextSample(
            of: training.trainer.model, tokenizer, step: step, prompt: notes["sample_prompt"] ?? "", tokens: count,
            on: training.trainer.workspace)
        if let sample { samples.append(sample) }
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try AtomicFile.replace(folder.file(name), with: bytes)
    }
}
