internal import Checkpoints
internal import LanguageModels
internal import Tensors

/// A whole training: steps, validations, checkpoints and log in a run folder, from the beginning or from where it stopped.
///
/// Whatever ends the process, the folder holds a checkpoint that is at most `saveInterval` seconds old, and resuming from
/// it gives the weights, bit for bit, that an uninterrupted run gives.
public final class TrainingRun {
    /// When to look up from stepping.
    public struct Plan: Sendable {
        /// Steps between validations; the last step is always followed by one.
        public var validationInterval = 200
        /// Seconds between checkpoints.
        public var saveInterval = 60.0
        /// Chooses the number of steps so that the run takes about this long.
        public var seconds: Double?

        public init() {}
    }

    /// What the run tells its caller.
    public enum Event {
        /// A step is done; `secondsLeft` is an estimate of the rest of the run.
        case step(TrainingLogEntry, secondsLeft: Double)
        /// The checkpoint has been written.
        case saved
    }

    public let trainer: Trainer
    public private(set) var progress: TrainingCheckpoint.Progress
    /// All entries so far.
    public var entries: [TrainingLogEntry] { log.entries }

    private let folder: RunFolder
    private let validation: ValidationSet?
    private let plan: Plan
    private let log: TrainingLog
    private let clock: @Sendable () -> Double

    /// The steps that tell nothing about the speed, since they fill caches, and how many must be measured after them.
    private static let warmup = 4
    private static let leastMeasured = 10

    /// - Parameters:
    ///   - logPath: Where the log goes besides the folder's own, or `nil`.
    ///   - clock: Seconds from any beginning.
    public init(
        _ trainer: Trainer, in folder: RunFolder, progress: TrainingCheckpoint.Progress, validation: ValidationSet?,
        plan: Plan, logPath: String? = nil, clock: @escaping @Sendable () -> Double
    ) throws {
        self.trainer = trainer
        self.folder = folder
        self.progress = progress
        self.validation = validation
        self.plan = plan
        self.clock = clock
        log = try TrainingLog(path: logPath ?? folder.log, stepsDone: trainer.stepsDone)
    }

    /// Steps until the end of the run, or until `report` returns false; then saves.
    /// - Throws: `TrainingError.notFinite` with the last checkpoint kept; `CheckpointError` if a file cannot be written.
    /// - Returns: Whether the run reached its end.
    public func run(_ report: (Event) -> Bool) throws -> Bool {
        let began = clock()
        let before = progress.secondsDone
        var lastSave = began
        var goOn = true
        // From the first moment on there is something to resume.
        if trainer.stepsDone == 0 { try save() }
        while goOn && trainer.stepsDone < trainer.options.stepCount {
            let start = clock()
            let step = try trainer.step()
            let seconds = max(clock() - start, 1e-9)
            progress.secondsDone = before + clock() - began
            fitStepCount(after: step.step, clock())
            let isLast = step.step == trainer.options.stepCount
            let measured = isLast || step.step % plan.validationInterval == 0 ? try validate() : nil
            let entry = TrainingLogEntry(
                step, tokens: step.step * step.tokens, tokensPerSecond: Double(step.tokens) / seconds,
                validation: measured)
            try log.append(entry)
            progress.secondsDone = before + clock() - began
            let perStep = progress.secondsDone / Double(step.step)
            goOn = report(.step(entry, secondsLeft: perStep * Double(trainer.options.stepCount - step.step)))
            if clock() - lastSave >= plan.saveInterval || isLast || !goOn {
                try save()
                lastSave = clock()
                goOn = report(.saved) && goOn
            }
        }
        let isFinished = trainer.stepsDone >= trainer.options.stepCount
        if isFinished { try TrainingProduct(trainer.model).write(toFolder: folder) }
        return isFinished
    }

    // The steps since the process began and the moment after the first few, and when the number of steps was last chosen.
    private var stepsHere = 0
    private var measuringSince = 0.0
    private var lastChoice = 0.0

    /// Chooses the number of steps that fills the time that was asked for, and again as the speed changes.
    ///
    /// In the last tenth it stays: the learning rate comes down to its end without another jump.
    private func fitStepCount(after step: Int, _ now: Double) {
        stepsHere += 1
        guard let seconds = plan.seconds else { return }
        if stepsHere == Self.warmup { (measuringSince, lastChoice) = (now, now) }
        let measured = stepsHere - Self.warmup
        let isFirst = trainer.options.stepCount == TrainingOptions.undecided
        guard measured >= Self.leastMeasured, isFirst || now - lastChoice > max(5, 0.01 * seconds) else { return }
        let left = seconds - progress.secondsDone
        guard isFirst || left > 0.1 * seconds else { return }
        // Validations and checkpoints are in it.
        let perStep = (now - measuringSince) / Double(measured)
        trainer.setStepCount(step + max(1, Int(left / perStep)))
        lastChoice = now
    }

    private func validate() throws -> ValidationLoss? {
        guard let validation else { return nil }
        let loss = try validation.measure(trainer.model, on: trainer.workspace)
        if loss.nats < progress.best?.loss.nats ?? .infinity {
            progress.best = TrainingCheckpoint.Best(step: trainer.stepsDone, loss: loss)
            try TrainingProduct(trainer.model).write(to: folder.best)
        }
        return loss
    }

    private func save() throws {
        progress.stepsDone = trainer.stepsDone
        progress.options = trainer.options
        progress.trend = trainer.trend
        try TrainingCheckpoint.write(trainer, progress, to: folder.checkpoint)
    }
}
