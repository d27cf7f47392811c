internal import Foundation
internal import RWKV

/// Models of llama.cpp's format in several types, each with the logits that the official package computes with the numbers
/// that its file stands for. One folder holds the cases of several architectures.
struct GGUFCase: GoldenCase {
    private struct Description: Decodable {
        let tokens: [Int32]
        let tolerance: [String: Tolerance]
    }

    /// A number, or a remark where none applies.
    private struct Tolerance: Decodable {
        let value: Double?

        init(from decoder: any Decoder) throws {
            value = try? decoder.singleValueContainer().decode(Double.self)
        }
    }

    private static let ending = "-case.json"

    private let folder: CaseFolder
    private let stems: [String]

    init?(_ folder: CaseFolder) {
        stems = folder.files.filter { $0.hasSuffix(Self.ending) }.map { String($0.dropLast(Self.ending.count)) }
            .sorted()
        guard !stems.isEmpty, folder.files.contains(where: { $0.hasSuffix(".gguf") }) else { return nil }
        self.folder = folder
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let tape = Tape(on: workspace)
        var checks: [Verdict.Check] = []
        for stem in stems {
            let description = try folder.json(stem + Self.ending, Description.self)
            let expected = try folder.tensors("\(stem)-expected.safetensors")
            let names = folder.files.sorted().filter { $0.hasPrefix("\(stem)-") && $0.hasSuffix(".gguf") }
            guard !names.isEmpty else { throw InputError(description: "\(folder.path) has no \(stem)-….gguf") }
            for name in names {
                let type = String(name.dropLast(5).split(separator: "-").last ?? "")
                let tolerance = description.tolerance.first { $0.key.hasPrefix(type) && $0.value.value != nil }?.value
                let model = try LanguageModel(contentsOf: folder.file(name))
                var state = model.initialState()
                let logits = try model(description.tokens, state: &state, wanted: .all, on: tape).values
                checks.append(
                    Verdict.Check(
                        what: "\(stem) \(type)",
                        difference: largestDifference(logits, try expected.floats("logits_\(type)")),
                        tolerance: tolerance?.value ?? 2e-4))
            }
        }
        return Verdict(checks: checks)
    }
}
