internal import LanguageModels
internal import Tensors

/// What generating costs after so many tokens.
public struct GenerationPoint: Codable, Sendable, Equatable {
    /// The tokens read and generated before.
    public var length: Int
    /// Of the next token: the median of several.
    public var secondsPerToken: Double
    /// Of all tokens up to there, generated one by one: the integral of the measured times per token.
    public var secondsInAll: Double
    /// The bytes of the state or cache.
    public var stateByteCount: Int
}

/// What generating costs by the length of the text.
public struct GenerationResult: Codable, Sendable, Equatable {
    public var points: [GenerationPoint]
    /// The lengths that would have taken longer than was allowed.
    public var leftOut: [Int]
}

/// Measures generation: reads a text up to each of the lengths and times the tokens that come then.
struct GenerationMeasurement {
    let lengths: [Int]
    /// The longest length for a state that grows.
    let longestGrowing: Int
    let allowedSeconds: Double
    let clock: @Sendable () -> Double

    private static let repetitions = 9
    private static let chunk = 512

    /// - Parameter isCancelled: Is asked between chunks; a measurement that is cancelled returns `nil`.
    func measure(
        _ model: LanguageModel, text: [Int32], on workspace: Workspace, isCancelled: () -> Bool
    ) throws(ModelError) -> GenerationResult? {
        let tape = Tape(on: workspace)
        var state = model.initialState()
        var read = 0
        func next(_ count: Int) -> [Int32] { (0..<count).map { text[(read + $0) % text.count] } }
        // The first tokens fill caches and make threads.
        var warm = model.initialState()
        for token in text.prefix(20) { _ = try model([token], state: &warm, on: tape) }

        var result = GenerationResult(points: [], leftOut: [])
        let began = clock()
        var rate = 0.0
        for length in lengths.sorted() {
            let grows = model.stateLayout.grows
            let left = allowedSeconds - (clock() - began)
            // Reading goes slower the longer the cache is: about as the length grows.
            let expected = rate * Double(length - read) * (grows && read > 1024 ? Double(length) / Double(read) : 1)
            if expected > left || left <= 0 || (grows && length > longestGrowing) {
                result.leftOut.append(length)
                continue
            }
            let start = clock()
            let before = read
            while read < length {
                if isCancelled() { return nil }
                let tokens = next(min(Self.chunk, length - read))
                var chunks = [SequenceChunk(tokens: tokens, state: state, wanted: .none)]
                state = warm
                _ = try model(&chunks, on: tape)
                state = chunks[0].state
                read += tokens.count
            }
            if length - before >= Self.chunk { rate = (clock() - start) / Double(length - before) }
            var times: [Double] = []
            for _ in 0..<Self.repetitions {
                let token = next(1)
                let start = clock()
                _ = try model(token, state: &state, on: tape)
                times.append(clock() - start)
                read += 1
            }
            let median = times.sorted()[Self.repetitions / 2]
            let last = result.points.last
            let inAll =
                (last?.secondsInAll ?? 0) + 0.5 * (median + (last?.secondsPerToken ?? median))
                * Double(length - (last?.length ?? 0))
            result.points.append(
                GenerationPoint(
                    length: length, secondsPerToken: median, secondsInAll: inAll, stateByteCount: state.byteCount))
        }
        return result
    }
}
