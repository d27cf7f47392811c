internal import RWKV

/// Times decode, prefill and batched decode of one model with one number of threads.
final class ModelBench {
    let type: DataType
    let threadCount: Int
    let model: LanguageModel
    private let workspace: Workspace
    private let plan: ModelBenchPlan

    /// The best seconds per token of each kind of work so far.
    private(set) var decode = Double.infinity
    private(set) var prefill = Double.infinity
    private(set) var batches: [Int: Double] = [:]
    /// The seconds from a prompt of the prefill's length to the first new token.
    private(set) var firstToken = Double.infinity

    init(_ model: LanguageModel, _ type: DataType, threadCount: Int, precision: Precision, _ plan: ModelBenchPlan) {
        self.model = model
        self.type = type
        self.threadCount = threadCount
        self.plan = plan
        workspace = Workspace(threadCount: threadCount, precision: precision)
    }

    /// The bytes of weights that decoding one token reads: all but the other tokens' embeddings.
    var bytesPerToken: Int {
        model.parameters.reduce(0) { sum, parameter in
            switch parameter.role {
            case .embedding: sum + parameter.value.byteCount / max(1, parameter.shape.extents[0])
            case .unused: sum
            case .matrix, .vector, .factor, .adapter: sum + parameter.value.byteCount
            }
        }
    }

    /// The multiplications and additions of a prompt's token: the head is for the last one alone.
    var operationsPerPromptToken: Double {
        let head = model.operationsPerToken(withHead: true) - model.operationsPerToken(withHead: false)
        return Double(model.operationsPerToken(withHead: false)) + Double(head) / Double(max(1, plan.prefillLength))
    }

    /// Does a kind of work once more, and says where its time went.
    func profile(_ work: MeasuredWork) throws -> ModelProfile {
        let (length, steps, chunks) =
            switch work {
            case .prompt: (plan.prefillLength, 1, 1)
            case .decoding(let size): (1, max(2, plan.decodeLength / size), size)
            }
        func sequences() -> [SequenceChunk] {
            (0..<chunks).map { first in
                SequenceChunk(
                    tokens: (first..<first + length).map(model.measuredToken), state: model.initialState())
            }
        }
        let profile = OpProfile()
        let measured = Workspace(threadCount: threadCount, precision: workspace.precision, profile: profile)
        let (plainTape, measuredTape) = (Tape(on: workspace), Tape(on: measured))
        var (plainSequences, measuredSequences) = (sequences(), sequences())
        let plain = { _ = try self.model(&plainSequences, on: plainTape) }
        return try ModelProfile(
            tokenCount: steps * chunks * length, steps: steps, profile,
            profiled: { _ = try model(&measuredSequences, on: measuredTape) }, plain: steps > 1 ? plain : nil)
    }

    /// The seconds that a batch is measured for at least.
    private static let shortestBatch = 0.25

    /// Times each kind of work once, and keeps what is better than before.
    func round() throws {
        let tape = Tape(on: workspace)
        var state = model.initialState()
        if plan.prefillLength > 0 {
            let prompt = (0..<plan.prefillLength).map(model.measuredToken)
            let seconds = try time { _ = try model(prompt, state: &state, on: tape) }
            prefill = min(prefill, seconds / Double(prompt.count))
            firstToken = min(
                firstToken, try seconds + time { _ = try model([model.measuredToken(1)], state: &state, on: tape) })
        }
        let seconds = try time {
            for i in 0..<plan.decodeLength { _ = try model([model.measuredToken(i)], state: &state, on: tape) }
        }
        decode = min(decode, seconds / Double(plan.decodeLength))
        for size in plan.batchSizes {
            var chunks = (0..<size).map {
                SequenceChunk(tokens: [model.measuredToken($0)], state: model.initialState())
            }
            _ = try model(&chunks, on: tape)
            let fewest = max(2, plan.decodeLength / size)
            var (steps, seconds) = (0, 0.0)
            // A small model's steps take a millisecond: a few of them would say how fast its best moment is.
            while steps < fewest || seconds < Self.shortestBatch {
                seconds += try time { _ = try model(&chunks, on: tape) }
                steps += 1
            }
            batches[size] = min(batches[size] ?? .infinity, seconds / Double(steps * size))
        }
    }
}

/// How much of each kind of work a round is.
struct ModelBenchPlan {
    var prefillLength: Int
    var decodeLength: Int
    var batchSizes: [Int]

    /// The kinds of work in the order in which they are reported.
    var work: [MeasuredWork] {
        (prefillLength > 0 ? [.prompt] : []) + [.decoding(1)] + batchSizes.map(MeasuredWork.decoding)
    }
}

/// A kind of work that a model is measured at.
enum MeasuredWork {
    case prompt
    /// One token of each of some sequences at a time.
    case decoding(Int)
}

extension LanguageModel {
    /// Token `i` of the text that benchmarks read: all over the vocabulary, in no order.
    func measuredToken(_ i: Int) -> Int32 { Int32(i * 7919 % 65521) % Int32(configuration.vocabularySize) }
}
