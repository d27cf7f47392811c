internal import Foundation
internal import Generation
internal import HTTPTypes
internal import Metrics
internal import StateStore
internal import Tensors
internal import Tokenizers

/// What all routes share: the models, the engine, who may ask, and what is counted.
final class ServerCore: Sendable {
    let settings: ServerSettings
    let shelf: ModelShelf
    let engine: BatchEngine
    let cache: PrefixCache
    /// Conversations and states on disk, if there is a file for them.
    let store: StateStore?
    private let states: TieredStates
    let metrics = PrometheusMetrics()
    let began = Date()

    /// - Throws: `StateStoreError` if the file of conversations cannot be used.
    init(_ settings: ServerSettings, _ models: [ServedModel]) throws(StateStoreError) {
        self.settings = settings
        shelf = ModelShelf(models, limit: settings.modelLimit)
        let cache = PrefixCache(byteLimit: settings.cacheBytes)
        self.cache = cache
        if let path = settings.storePath {
            store = try StateStore(path: path, stateByteLimit: settings.storedStateBytes)
        } else {
            store = nil
        }
        states = TieredStates(cache, store)
        engine = BatchEngine(
            limits: settings.engine, cache: states, threadCount: settings.threadCount ?? ThreadPool.processorCount)
    }

    /// A request to the engine with what the server adds to all of them.
    func request(
        _ loaded: LoadedModel, tokens: [TokenID], answers: [SamplingParameters], streamed: Bool,
        client: CancellationFlag, owner: String
    ) async -> GenerationRequest {
        var request = GenerationRequest(loaded.model, loaded.tokenizer, tokens: tokens, answers: answers)
        request.firstState = loaded.firstState
        let space = Self.space(loaded, owner)
        request.cacheSpace = space
        request.deadline = .now + .seconds(settings.timeLimit)
        request.cancellation = client
        request.delivery = streamed ? .every(.milliseconds(40)) : .atEnd
        if let found = await states.stored(tokens, loaded, in: space) { request.snapshots = [found] }
        return request
    }

    /// Where the states of a key's prompts are kept.
    ///
    /// No key shares them with another: how fast an answer comes, and how many of its tokens were known, would tell what
    /// others have asked.
    static func space(_ loaded: LoadedModel, _ owner: String) -> String {
        owner.isEmpty ? loaded.fingerprint : loaded.fingerprint + "\nkey " + owner
    }

    /// Waits until what was to be kept is on disk.
    func flush() { states.flush() }

    /// The most tokens of an answer.
    /// - Throws: `APIError` for a number that is not allowed.
    func answerLength(_ asked: Int?, default: Int, param: String) throws(APIError) -> Int {
        let count = asked ?? min(`default`, settings.answerLimit)
        guard (0...settings.answerLimit).contains(count) else {
            throw .invalid(param, "\(param) is \(count); it must be from 0 to \(settings.answerLimit)")
        }
        return count
    }

    /// Everything that is counted, as text for Prometheus.
    func metricsText() -> String {
        let counts = engine.counts
        let kept = cache.counts
        let totals: [(String, Int)] = [
            ("rwkv_tokens_read_total", counts.tokensRead), ("rwkv_tokens_reused_total", counts.tokensReused),
            ("rwkv_tokens_written_total", counts.tokensWritten), ("rwkv_steps_total", counts.steps),
            ("rwkv_rows_total", counts.rows), ("rwkv_generations_accepted_total", counts.accepted),
            ("rwkv_generations_refused_total", counts.refused), ("rwkv_generations_finished_total", counts.finished),
            ("rwkv_generations_cancelled_total", counts.cancelled), ("rwkv_generations_failed_total", counts.failed),
            ("rwkv_prefix_cache_hits_total", kept.hits), ("rwkv_prefix_cache_misses_total", kept.misses),
        ]
        let gauges: [(String, Double)] = [
            ("rwkv_generations_waiting", Double(counts.waiting)), ("rwkv_generations_running", Double(counts.running)),
            ("rwkv_prefix_cache_entries", Double(kept.entries)), ("rwkv_prefix_cache_bytes", Double(kept.bytes)),
            ("rwkv_engine_busy_seconds", counts.busySeconds),
            ("rwkv_uptime_seconds", Date().timeIntervalSince(began)),
        ]
        return metrics.text() + totals.map { "# TYPE \($0.0) counter\n\($0.0) \($0.1)\n" }.joined()
            + gauges.map { "# TYPE \($0.0) gauge\n\($0.0) \($0.1)\n" }.joined()
    }
}

/// A name that no other answer has.
func newID(_ prefix: String) -> String {
    prefix + UUID().uuidString.lowercased().filter { $0 != "-" }
}

/// Now, in seconds since 1970.
func unixTime() -> Int { Int(Date().timeIntervalSince1970) }
