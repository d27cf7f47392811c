internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Shows a run to whoever started it: a line of progress, the curve, and what came out.
struct TrainingReporter {
    private let training: TrainingRun
    private let folder: RunFolder
    private let record: RunRecord
    private let interrupt = Interrupt()

    init(_ run: TrainingRun, _ folder: RunFolder) throws {
        training = run
        self.folder = folder
        record = try RunRecord(run, folder)
    }

    func run() throws {
        var smoothed: Double?
        var rate: Double?
        var lastLine = monotonicSeconds()
        let finished = try training.run { event in
            switch event {
            case .step(let entry, let secondsLeft):
                if let reason = entry.skipped {
                    Terminal.note("step \(entry.step) is skipped: \(reason)")
                } else {
                    smoothed = smoothed.map { 0.95 * $0 + 0.05 * entry.loss } ?? entry.loss
                }
                rate = rate.map { 0.9 * $0 + 0.1 * entry.tokensPerSecond } ?? entry.tokensPerSecond
                // Who reads a file instead of a terminal gets a line a minute.
                let isDue = !Terminal.isInteractive && monotonicSeconds() - lastLine > 60
                if isDue { lastLine = monotonicSeconds() }
                show(entry, smoothed ?? entry.loss, rate ?? entry.tokensPerSecond, secondsLeft, asLine: isDue)
            case .saved:
                record.writeIfDue()
            }
            return !interrupt.isRequested
        }
        Terminal.endProgress()
        try record.write()
        guard finished else {
            Terminal.note(
                "stopped after step \(training.trainer.stepsDone); go on with: rwkv train --output \(folder.path) --resume"
            )
            throw ExitCode(130)
        }
        let best = training.progress.best.map {
            "; lowest validation loss \(losses($0.loss)) after step \($0.step), in best.safetensors"
        }
        let result = folder.file(TrainingProduct(training.trainer.model).name + ".safetensors")
        Terminal.note(
            "done after \(describe(seconds: training.progress.secondsDone)): \(result)\(best ?? "")")
    }

    private func show(_ entry: TrainingLogEntry, _ loss: Double, _ rate: Double, _ secondsLeft: Double, asLine: Bool) {
        let total = training.trainer.options.stepCount
        let known = total < TrainingOptions.undecided
        let line =
            "step \(entry.step)\(known ? " of \(total)" : "")  loss \(format(loss, decimals: 4))  "
            + "\(format(rate, decimals: 0)) tokens/s"
            + (known ? "  \(describe(seconds: secondsLeft)) left" : "")
        if let nats = entry.validationLoss, let bits = entry.validationBitsPerByte {
            Terminal.note(
                "step \(entry.step)  loss \(format(loss, decimals: 4))  validation \(format(nats, decimals: 4)) "
                    + "nats per token, \(format(bits, decimals: 4)) bits per byte")
        }
        if asLine { Terminal.note(line) } else { Terminal.progress(line) }
    }

    private func losses(_ loss: ValidationLoss) -> String {
        "\(format(loss.natsPerToken, decimals: 4)) nats per token, \(format(loss.bitsPerByte, decimals: 4)) bits per byte,"
    }
}
