internal import Dispatch
internal import HTTPTypes

/// The models that a server offers: loaded when they are first asked for, the least recently used given back when there
/// are too many.
actor ModelShelf {
    nonisolated let offered: [ServedModel]
    private let limit: Int
    private var loading: [String: Task<LoadedModel, any Error>] = [:]
    /// The names of models in memory, the most recently used last.
    private var order: [String] = []

    /// - Parameter limit: How many models may be in memory at once.
    init(_ offered: [ServedModel], limit: Int) {
        self.offered = offered
        self.limit = max(1, limit)
    }

    /// The model of a name; the first if there is no name.
    /// - Throws: `APIError` for a name that is not offered, or if the model cannot be loaded.
    func model(_ name: String?) async throws -> (name: String, model: LoadedModel) {
        guard let served = name == nil ? offered.first : offered.first(where: { $0.name == name }) else {
            let names = offered.map(\.name).joined(separator: ", ")
            throw APIError(
                .notFound, "there is no model “\(name ?? "")”; there are: \(names)", param: "model",
                code: "model_not_found")
        }
        order.removeAll { $0 == served.name }
        order.append(served.name)
        let task = loading[served.name] ?? start(served)
        // Requests in flight keep a model that is given back until they are done.
        while order.count > limit { loading[order.removeFirst()] = nil }
        do {
            return (served.name, try await task.value)
        } catch {
            loading[served.name] = nil
            order.removeAll { $0 == served.name }
            var told = APIError(
                .serviceUnavailable, "the model “\(served.name)” cannot be loaded", type: "server_error",
                code: "model_unavailable", retryAfter: 30)
            told.cause = "\(error)"
            throw told
        }
    }

    /// The names of the models in memory.
    var loaded: [String] { order }

    private func start(_ served: ServedModel) -> Task<LoadedModel, any Error> {
        let task = Task {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<LoadedModel, any Error>) in
                DispatchQueue.global().async { continuation.resume(with: Result { try served.load() }) }
            }
        }
        loading[served.name] = task
        return task
    }
}
