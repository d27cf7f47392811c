internal import ArgumentParser
internal import Dispatch
internal import Synchronization

/// Runs asynchronous work to its end from a command, and cancels it when the user asks to stop.
///
/// The caller's thread only waits, so that commands that compute need not be asynchronous for those that connect.
func waiting<Result: Sendable>(
    until interrupt: Interrupt, _ work: @escaping @Sendable () async throws -> Result
) throws -> Result {
    do {
        return try waiting(unless: { interrupt.isRequested }, work)
    } catch {
        if interrupt.isRequested { throw ExitCode(130) }
        throw error
    }
}

/// Runs asynchronous work to its end, and cancels it once `isCancelled` says so.
func waiting<Result: Sendable>(
    unless isCancelled: () -> Bool, _ work: @escaping @Sendable () async throws -> Result
) throws -> Result {
    let outcome = Outcome<Result>()
    let finished = DispatchSemaphore(value: 0)
    let task = Task.detached {
        do {
            let value = try await work()
            outcome.result.withLock { $0 = .success(value) }
        } catch {
            outcome.result.withLock { $0 = .failure(error) }
        }
        finished.signal()
    }
    while finished.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
        if isCancelled() { task.cancel() }
    }
    Terminal.endProgress()
    switch outcome.result.withLock({ $0 }) {
    case .success(let value)?: return value
    case .failure(let error)?: throw error
    case nil: preconditionFailure("the work signals only after it has left a result")
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Swift.Result<Value, any Error>?>(nil)
}
