import Foundation
import TestSupport
import Testing

/// What each target may import of ours: the layers of the package.
private let allowed: [String: Set<String>] = [
    "Tensors": ["CKernels"],
    "Checkpoints": ["Tensors"],
    "Tokenizers": [],
    "Plots": [],
    "Hub": [],
    "LanguageModels": ["Tensors"],
    "Generation": ["LanguageModels", "Tokenizers", "Tensors"],
    "Evaluation": ["LanguageModels", "Tokenizers", "Tensors", "TrainingData"],
    "TrainingData": ["Checkpoints", "Tensors", "Tokenizers"],
    "Training": ["LanguageModels", "Checkpoints", "Tensors", "TrainingData"],
    "Quantizing": ["LanguageModels", "Tensors"],
    "Comparison": ["Training", "TrainingData", "LanguageModels", "Checkpoints", "Plots", "Tensors"],
    "Explanation": ["LanguageModels", "Plots", "Tensors"],
    "RWKV": [
        "Checkpoints", "DefaultModel", "Evaluation", "Generation", "LanguageModels", "Quantizing", "Tensors",
        "Tokenizers", "Training", "TrainingData",
    ],
    "StateStore": ["Checkpoints", "Generation", "LanguageModels", "Tensors", "Tokenizers"],
    "Serving": ["Checkpoints", "Generation", "LanguageModels", "StateStore", "Tensors", "Tokenizers"],
    "CommandLineTool": ["RWKV", "Comparison", "Explanation", "Plots", "Hub", "Serving", "StateStore"],
]

/// The targets that may import each module of others.
private let owners: [String: Set<String>] = [
    "ArgumentParser": ["CommandLineTool"], "AsyncHTTPClient": ["Hub"], "Crypto": ["Hub", "Serving", "StateStore"],
    "GRDB": ["StateStore"], "HTTPTypes": ["Serving"], "Hummingbird": ["Serving"], "HummingbirdCore": ["Serving"],
    "HummingbirdTLS": ["Serving"],
    "Logging": ["Serving"], "Metrics": ["Serving"], "NIOCore": ["Hub", "Serving"], "NIOHTTP1": ["Hub"],
    "NIOSSL": ["Serving"], "ServiceLifecycle": ["Serving"], "UnixSignals": ["Serving"],
]

private let systemModules: Set<String> = [
    "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization",
]

@Suite("The layers of the package")
struct ImportTests {
    @Test("No target imports what its layer must not see")
    func imports() throws {
        let sources = packageFolder + "/Sources"
        let targets = try FileManager.default.contentsOfDirectory(atPath: sources).filter { !$0.hasPrefix(".") }
        let withoutSwift: Set = ["CKernels", "DefaultModel"]
        #expect(Set(targets).subtracting(withoutSwift) == Set(allowed.keys))
        var found = 0
        for target in targets {
            let files = try FileManager.default.subpathsOfDirectory(atPath: "\(sources)/\(target)")
            for file in files where file.hasSuffix(".swift") {
                for module in try importedModules("\(sources)/\(target)/\(file)") {
                    found += 1
                    let isOurs = allowed[target]?.contains(module) == true
                    let isSystem = systemModules.contains(module)
                    let isOwned = owners[module]?.contains(target) == true
                    #expect(isOurs || isSystem || isOwned, "\(target)/\(file) imports \(module)")
                }
            }
        }
        #expect(found > 50)
    }

    private func importedModules(_ path: String) throws -> [String] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let modifiers: Set = [
            "public", "internal", "package", "private", "fileprivate", "@_exported", "@preconcurrency",
        ]
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").drop { modifiers.contains(String($0)) }
            guard words.first == "import", let module = words.dropFirst().first else { return nil }
            return String(module.prefix { $0 != "." })
        }
    }

    @Test("The manifest asks for no unsafe flags")
    func unsafeFlags() throws {
        let manifest = try String(contentsOfFile: packageFolder + "/Package.swift", encoding: .utf8)
        #expect(!manifest.contains("unsafeFlags"))
    }
}
