internal import Dispatch
internal import Generation
internal import StateStore
internal import Synchronization
internal import Tokenizers

/// States in memory, and on disk beside it: what the engine keeps goes to both, the disk at its own pace.
final class TieredStates: PrefixStore {
    /// States that may wait to be written; more are not.
    private static let backlog = 32
    /// What is shorter is read sooner than it is found.
    private static let leastTokens = 32

    private let memory: PrefixCache
    private let disk: StateStore?
    private let queue = DispatchQueue(label: "rwkv.states")
    private let waiting = Mutex(0)

    init(_ memory: PrefixCache, _ disk: StateStore?) {
        self.memory = memory
        self.disk = disk
    }

    func longestPrefix(of tokens: [TokenID], in space: String) -> StateSnapshot? {
        memory.longestPrefix(of: tokens, in: space)
    }

    func insert(_ snapshot: StateSnapshot, in space: String) {
        memory.insert(snapshot, in: space)
        guard let disk, snapshot.tokens.count >= Self.leastTokens else { return }
        let hasRoom = waiting.withLock { waiting in
            if waiting < Self.backlog { waiting += 1 } else { return false }
            return true
        }
        guard hasRoom else { return }
        queue.async {
            // It is a cache: what could not be written is read again.
            try? disk.insert(snapshot, in: space)
            self.waiting.withLock { $0 -= 1 }
        }
    }

    /// A state on disk that saves more than the one in memory; `nil` if there is none.
    func stored(_ tokens: [TokenID], _ loaded: LoadedModel, in space: String) async -> StateSnapshot? {
        guard let disk, tokens.count > Self.leastTokens else { return nil }
        let known = memory.longestLength(of: tokens, in: space)
        guard known < tokens.count else { return nil }
        return try? await offThread {
            try disk.longestPrefix(of: tokens, in: space, longerThan: known, for: loaded.model)
        }
    }

    func flush() { queue.sync {} }
}

/// Does something that waits for a disk, off Swift's cooperative threads.
func offThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        DispatchQueue.global(qos: .userInitiated).async { continuation.resume(with: Result { try work() }) }
    }
}
