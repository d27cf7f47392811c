/// Why training cannot begin or go on.
public enum TrainingError: Error, Equatable, Sendable {
    case invalidOption(what: String, found: String, needed: String)
    case tooFewTokens(found: Int, needed: Int)
    case tokenOutOfRange(token: Int32, position: Int, vocabularySize: Int)
    case notTrainable(parameter: String)
    /// The loss or a gradient is NaN or infinite; the weights are still those of the step before.
    case notFinite(step: Int, what: String, tensor: String?)
    /// The loss lies far above those of the steps before; the weights are still those of the step before.
    case lossSpike(step: Int, loss: Double, mean: Double)
    case notACheckpoint(path: String, missing: String)
    case unreadableCheckpoint(path: String, reason: String)
    case otherBaseModel(path: String)
    case folderInUse(path: String)
    case folderNotEmpty(path: String)
    case cannotUseFolder(path: String, reason: String)
}

extension TrainingError {
    /// The loss of a step that went wrong, and what is to be done; `nil` for other errors.
    func spike(_ policy: SpikePolicy) -> (loss: Double, action: SpikePolicy.Action)? {
        switch self {
        case .notFinite: (.nan, policy.notFinite)
        case .lossSpike(_, let loss, _): (loss, policy.spike)
        default: nil
        }
    }

    /// What was wrong with a step.
    var reason: String {
        switch self {
        case .notFinite(_, let what, let tensor):
            "\(what) is not finite" + (tensor.map { ", first in “\($0)”" } ?? "")
        case .lossSpike(_, let loss, let mean): "the loss is \(loss), after about \(mean) in the steps before"
        default: description
        }
    }
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidOption(let what, let found, let needed): "the \(what) is \(found); it must be \(needed)"
        case .tooFewTokens(let found, let needed):
            "the training text has \(found) tokens; this context length needs at least \(needed)"
        case .tokenOutOfRange(let token, let position, let vocabularySize):
            "token \(token) at position \(position) of the data is outside the model's vocabulary of \(vocabularySize)"
        case .notTrainable(let parameter): "“\(parameter)” cannot be trained: its values are not F32 in memory"
        case .notFinite(let step, _, _), .lossSpike(let step, _, _):
            "step \(step): \(reason); the weights of the step before are kept"
        case .notACheckpoint(let path, let missing): "\(path) is no training checkpoint: it has no “\(missing)”"
        case .unreadableCheckpoint(let path, let reason): "\(path) cannot be resumed from: \(reason)"
        case .otherBaseModel(let path):
            "\(path) is no longer the model that this run began with, so the run cannot go on"
        case .folderInUse(let path): "another process is training in \(path)"
        case .folderNotEmpty(let path):
            "\(path) holds a training run already: add --resume to go on with it, or name another folder"
        case .cannotUseFolder(let path, let reason): "cannot use \(path): \(reason)"
        }
    }
}
