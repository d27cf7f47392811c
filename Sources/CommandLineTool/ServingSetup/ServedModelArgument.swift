internal import ArgumentParser
internal import Foundation
internal import RWKV
internal import Serving

/// A model to be served: `[NAME=]FILE[,lora=FILE[:ALPHA]][,state=FILE][,template=KIND][,think=MODE]`.
struct ServedModelArgument: ExpressibleByArgument, Sendable {
    let name: String
    /// `nil` is the model inside the program.
    let path: String?
    private var adapters: [Adapter] = []
    private var state: String?
    private var template: ChatFormat.Kind?
    private var thinking: Thinking?

    /// The model inside the program, under its name.
    static let builtIn = ServedModelArgument(name: builtInName)

    private init(name: String) {
        self.name = name
        path = nil
    }

    init?(argument: String) {
        let parts = argument.split(separator: ",").map(String.init)
        guard let first = parts.first else { return nil }
        let equals = first.firstIndex(of: "=")
        let file = equals.map { String(first[first.index(after: $0)...]) } ?? first
        guard !file.isEmpty else { return nil }
        path = NamedModel(file).path
        let stem = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
        name = equals.map { String(first[..<$0]) } ?? (file == builtInName ? builtInName : stem)
        guard !name.isEmpty else { return nil }
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2 else { return nil }
            switch pair[0] {
            case "lora":
                guard let option = LoRAOption(argument: pair[1]) else { return nil }
                adapters.append(.lora(path: option.path, alpha: option.alpha, firstFactors: nil))
            case "state":
                guard state == nil else { return nil }
                state = pair[1]
                adapters.append(.state(path: pair[1]))
            case "template":
                guard let found = ChatFormat.Kind(rawValue: pair[1]) else { return nil }
                template = found
            case "think":
                guard let found = Thinking(rawValue: pair[1]) else { return nil }
                thinking = found
            default: return nil
            }
        }
    }

    /// Whether the files are there and are what they should be, and there is a tokenizer, as far as can be told without
    /// reading the weights.
    func check(tokenizer options: TokenizerOptions) throws {
        let named = NamedModel(path)
        let checkpoint = try named.checkpoint(adapters)
        let outline = try about(named.name) { try LanguageModel(outlining: checkpoint) }
        do {
            _ = try ModelOptions.tokenizer(options, of: path, for: outline)
        } catch let error as ValidationError where options.tokenizer == nil && options.vocab == nil {
            // The command line is right; it is a file that is missing.
            throw InputError(description: error.message)
        }
    }

    /// Brings the model into memory.
    func load(tokenizer options: TokenizerOptions) throws -> LoadedModel {
        let model = try NamedModel(path).load(adapters)
        let tokenizer = try ModelOptions.tokenizer(options, of: path, for: model)
        var format = ChatFormat.suiting(tokenizer, fileName: (path as NSString?)?.lastPathComponent ?? "")
        if let template { format = ChatFormat(template) }
        if let thinking, format.kind == .g1 { format.thinking = thinking }
        return LoadedModel(model, tokenizer, template: format, fingerprint: fingerprint())
    }

    /// What the weights are made of: the files with their sizes and times. A file that is replaced is another model.
    private func fingerprint() -> String {
        let files = [path].compactMap { $0 } + adapterPaths
        let parts = files.map { file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            let size = attributes?[.size] as? Int ?? 0
            let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(URL(fileURLWithPath: file).standardizedFileURL.path)|\(size)|\(time)"
        }
        return ([path == nil ? builtInName : ""] + parts + ["\(adapters)"]).joined(separator: "\n")
    }

    private var adapterPaths: [String] {
        adapters.map { adapter in
            switch adapter {
            case .lora(let path, _, _): path
            case .state(let path): path
            }
        }
    }
}
