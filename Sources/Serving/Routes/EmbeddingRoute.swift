internal import Foundation
internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import Tensors
internal import Tokenizers

/// `POST /v1/embeddings`: a text as a vector, taken from the model's state after it.
///
/// The state's matrices are what the model remembers of a text. Each is projected to a few numbers by a fixed random
/// matrix of ±1 (Achlioptas, 2003), which keeps distances but for a small error, and the whole has length 1. These models
/// were not trained for it: texts that are alike are near one another, and no more is promised.
struct EmbeddingRoute {
    let core: ServerCore

    private struct Body: Decodable {
        let model: String?
        let input: CompletionRequest.Prompt
        let dimensions: Int?
        let encodingFormat: String?

        enum CodingKeys: String, CodingKey {
            case model, input, dimensions
            case encodingFormat = "encoding_format"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            model = try values.field(String.self, .model)
            input = try values.requiredField(CompletionRequest.Prompt.self, .input)
            dimensions = try values.field(Int.self, .dimensions)
            encodingFormat = try values.field(String.self, .encodingFormat)
        }
    }

    private struct Answer: Encodable {
        enum Vector: Encodable {
            case numbers([Float])
            case base64(String)

            func encode(to encoder: any Encoder) throws {
                var value = encoder.singleValueContainer()
                switch self {
                case .numbers(let numbers): try value.encode(numbers)
                case .base64(let text): try value.encode(text)
                }
            }
        }

        struct Item: Encodable {
            let object = "embedding"
            let index: Int
            let embedding: Vector
        }

        let object = "list"
        let data: [Item]
        let model: String
        let usage: Usage
    }

    func callAsFunction(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        try await APIError.naming(prompt: "input") { try await answer(incoming, context) }
    }

    private func answer(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let request = try await incoming.decode(Body.self, limit: core.settings.bodyLimit)
        let (name, loaded) = try await core.shelf.model(request.model)
        let dimensions = request.dimensions ?? 1024
        guard (1...4096).contains(dimensions) else {
            throw APIError.invalid("dimensions", "dimensions is \(dimensions); it must be from 1 to 4096")
        }
        let usesBase64: Bool
        switch request.encodingFormat {
        case nil, "float": usesBase64 = false
        case "base64": usesBase64 = true
        case let other?: throw APIError.invalid("encoding_format", "“\(other)” is not float or base64")
        }
        let permit = try Permit(core.settings.keys, context.key)
        let client = CancellationFlag()
        let prompts: [[TokenID]] =
            switch request.input {
            case .texts(let texts): texts.map { Generator.promptTokens($0, loaded.tokenizer) }
            case .tokens(let lists): lists
            }
        guard (1...256).contains(prompts.count) else {
            throw APIError.invalid("input", "there are \(prompts.count) inputs; it must be from 1 to 256")
        }
        let answer = try await context.connection.watching(client) {
            var items: [Answer.Item] = []
            var (read, cached) = (0, 0)
            // A few at a time, so that one request does not fill the queue.
            for start in stride(from: 0, to: prompts.count, by: 8) {
                var streams: [AsyncThrowingStream<GenerationEvent, any Error>] = []
                for tokens in prompts[start..<min(start + 8, prompts.count)] {
                    var one = await core.request(
                        loaded, tokens: tokens, answers: [.greedy], streamed: false, client: client,
                        owner: context.owner)
                    one.maximumTokens = 0
                    streams.append(try core.engine.submit(one))
                }
                for stream in streams {
                    for try await event in stream {
                        switch event {
                        case .read(let report):
                            read += report.tokenCount
                            cached += report.cachedCount
                        case .ended(_, let end):
                            let vector = StateEmbedding.vector(of: end.snapshot.state, dimensions: dimensions)
                            items.append(
                                Answer.Item(
                                    index: items.count,
                                    embedding: usesBase64 ? .base64(Self.base64(vector)) : .numbers(vector)))
                        case .wrote: break
                        }
                    }
                }
            }
            permit.use(read - cached)
            return Answer(data: items, model: name, usage: Usage(prompt: read, completion: 0, cached: cached))
        }
        return try Response.json(answer)
    }

    private static func base64(_ vector: [Float]) -> String {
        Data(
            vector.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) } }
        )
        .base64EncodedString()
    }
}

/// A state as a vector.
enum StateEmbedding {
    /// A vector of length 1; all zeros only for a state of zeros.
    ///
    ///     v[d] = Σ sign(d, i)·s[i],   each slot s of the state divided by its own length first
    static func vector(of state: ModelState, dimensions: Int) -> [Float] {
        var sums = [Double](repeating: 0, count: dimensions)
        for (slot, tensor) in state.tensors().enumerated() {
            guard let values = tensor.floats() else { continue }
            let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length > 0, length.isFinite else { continue }
            for (index, value) in values.enumerated() where value != 0 {
                let scaled = Double(value) / length
                // Each number goes to four places: a sparse projection costs less and keeps distances as well.
                var random = RandomNumbers(seed: UInt64(index), stream: UInt64(slot) &+ 1)
                for _ in 0..<4 {
                    let bits = random.next()
                    let place = Int(truncatingIfNeeded: (bits >> 1) % UInt64(dimensions))
                    sums[place] += bits & 1 == 0 ? scaled : -scaled
                }
            }
        }
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sums.map { Float($0 / length) } : sums.map { Float($0) }
    }
}
