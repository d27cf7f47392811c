internal import Foundation
internal import RWKV

/// A folder with inputs and the outputs of an official implementation.
protocol GoldenCase {
    /// Opens the case in a folder; `nil` if it is of another kind.
    init?(_ folder: CaseFolder) throws

    func verify(on workspace: Workspace) throws -> Verdict
}

/// Opens golden cases.
enum GoldenCases {
    private static var kinds: [any GoldenCase.Type] {
        [
            // A case of state tuning has all that one of inference has, so it is asked first.
            StateTuningCase.self, LoRACase.self, RealModelCase.self, TrainingCase.self, InferenceCase.self,
            InitializationCase.self, GGUFCase.self, TokenizerCase.self, SamplingCase.self,
        ]
    }

    /// The folder itself, or those in it if it is no case and has some.
    static func folders(_ path: String) -> [String] {
        // A case that cannot be opened is one all the same: its line says why.
        guard let folder = try? CaseFolder(path: path), folder.files.allSatisfy({ !$0.hasSuffix(".json") }) else {
            return [path]
        }
        let inside = folder.files.sorted().map(folder.file).filter { inner in
            (try? FileManager.default.contentsOfDirectory(atPath: inner)) != nil
        }
        return inside.isEmpty ? [path] : inside
    }

    /// The case in a folder, of whatever kind it is.
    static func open(_ path: String) throws -> any GoldenCase {
        let folder = try CaseFolder(path: path)
        for kind in kinds {
            if let found = try kind.init(folder) { return found }
        }
        throw InputError(description: "\(path) is no golden case of a kind that this program knows")
    }
}

/// The files of a golden case.
struct CaseFolder {
    let path: String
    let files: Set<String>
    private let json: Data?

    init(path: String) throws {
        self.path = path
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw InputError(description: "\(path) is no folder that can be read")
        }
        files = Set(names)
        json = FileManager.default.contents(atPath: path + "/case.json")
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// case.json, if it has what `Value` needs.
    func description<Value: Decodable>(_ type: Value.Type) -> Value? {
        json.flatMap { try? JSONDecoder().decode(type, from: $0) }
    }

    /// Another JSON file of the case.
    func json<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    /// The tensors of a file of the case, by name.
    func tensors(_ name: String) throws -> [String: StoredTensor] {
        let file = try CheckpointFile.open(path: file(name))
        return Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension [String: StoredTensor] {
    /// The values of a tensor that must be there.
    func floats(_ name: String) throws -> [Float] {
        guard let values = self[name]?.floats() else {
            throw InputError(description: "the case has no floating-point tensor “\(name)”")
        }
        return values
    }
}
