// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// Imports say what leaks into the API, existentials are spelled out, members come only from imported modules.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// The server keeps conversations with SQLite. Without its headers everything but `rwkv serve` is built, and that command says
// what to install.
#if os(Linux)
    let headerFolders =
        ["/usr/include", "/usr/local/include"]
        + ["CPATH", "C_INCLUDE_PATH"].flatMap { (Context.environment[$0] ?? "").split(separator: ":").map(String.init) }
    let hasSQLite = headerFolders.contains { FileManager.default.fileExists(atPath: $0 + "/sqlite3.h") }
#else
    let hasSQLite = true
#endif

// Not called rwkv: on a file system that ignores case it would meet the library RWKV.
let tool = Target.executableTarget(
    name: "CommandLineTool",
    dependencies: [
        "Comparison", "Explanation", "Hub", "Plots", "RWKV",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: strict)

// Who may import whom: CONTRIBUTING.md shows the layers, and a test holds the sources to them.
let package = Package(
    name: "rwkv",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "RWKV", targets: ["RWKV"]),
        .executable(name: "rwkv", targets: ["CommandLineTool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.0.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.65.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.20.0"),
    ],
    targets: [
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(
            name: "DefaultModel",
            cSettings: [.define("DEFAULT_MODEL_FOLDER", to: "\"\(Context.packageDirectory)/Models/tinystories\"")]),
        library("Tensors", ["CKernels"]),
        library("Checkpoints", ["Tensors"]),
        library("Tokenizers"),
        library("Plots"),
        // The one library that sees HTTP, and so a target of its own: whoever runs models only does not build it.
        library(
            "Hub",
            [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        library("LanguageModels", ["Tensors"]),
        library("Generation", ["LanguageModels", "Tokenizers", "Tensors"]),
        library("Evaluation", ["LanguageModels", "Tensors", "Tokenizers", "TrainingData"]),
        library("TrainingData", ["Checkpoints", "Tensors", "Tokenizers"]),
        library("Training", ["LanguageModels", "Checkpoints", "Tensors", "TrainingData"]),
        library("Quantizing", ["LanguageModels", "Tensors"]),
        library("Comparison", ["Training", "TrainingData", "LanguageModels", "Checkpoints", "Plots", "Tensors"]),
        library("Explanation", ["LanguageModels", "Plots", "Tensors"]),
        library(
            "RWKV",
            [
                "Checkpoints", "DefaultModel", "Evaluation", "Generation", "LanguageModels", "Quantizing", "Tensors",
                "Tokenizers", "Training", "TrainingData",
            ]),
        .target(name: "KernelTwins", dependencies: ["CKernels"], path: "Tests/KernelTwins"),
        .target(
            name: "TestSupport", dependencies: ["LanguageModels", "Tensors"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "HubTestServer",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/HubTestServer", swiftSettings: strict),
        tests("CKernelsTests", ["CKernels", "KernelTwins"]),
        tests("TensorsTests", ["Tensors", "TestSupport"]),
        tests("CheckpointsTests", ["Checkpoints", "Tensors", "TestSupport"]),
        tests("LanguageModelsTests", ["LanguageModels", "Tensors", "TestSupport"]),
        tests("GenerationTests", ["Generation", "LanguageModels", "Tensors", "TestSupport", "Tokenizers"]),
        tests("TokenizersTests", ["Tokenizers", "TestSupport"]),
        tests("PlotsTests", ["Plots"]),
        tests("HubTests", ["Hub", "HubTestServer"]),
        tests("QuantizingTests", ["Quantizing", "LanguageModels", "Tensors", "TestSupport"]),
        tests(
            "EvaluationTests",
            ["Evaluation", "LanguageModels", "Tensors", "TestSupport", "Tokenizers", "TrainingData"]),
        tests("TrainingDataTests", ["TrainingData", "Checkpoints", "Tensors", "TestSupport", "Tokenizers"]),
        tests(
            "TrainingTests",
            ["Training", "Checkpoints", "LanguageModels", "Tensors", "TestSupport", "Tokenizers", "TrainingData"]),
        tests("ExplanationTests", ["Explanation", "LanguageModels", "Tensors", "TestSupport"]),
        tests("ComparisonTests", ["Comparison", "LanguageModels", "Tensors", "TestSupport", "Training"]),
        tests(
            "CommandTests",
            [
                "Checkpoints", "CommandLineTool", "HubTestServer", "LanguageModels", "RWKV", "Tensors", "TestSupport",
                "Tokenizers",
            ]),
        tests("DocumentationTests", ["CommandLineTool", "RWKV"]),
        tests("PackageTests", ["TestSupport"]),
    ]
)

if hasSQLite {
    package.dependencies += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.27.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
    ]
    package.targets += [
        // Conversations on disk; a target of its own because it needs SQLite.
        library(
            "StateStore",
            [
                "Checkpoints", "Generation", "LanguageModels", "Tensors", "Tokenizers",
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // The HTTP server: it knows requests and answers, and nothing of the command line.
        library(
            "Serving",
            [
                "Checkpoints", "Generation", "LanguageModels", "StateStore", "Tensors", "Tokenizers",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        tests(
            "StateStoreTests",
            [
                "StateStore", "Generation", "LanguageModels", "Tensors", "TestSupport", "Tokenizers",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            "ServingTests",
            [
                // The program too: a test kills it.
                "CommandLineTool", "Serving", "Generation", "LanguageModels", "StateStore", "Tensors", "TestSupport",
                "Tokenizers",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
    ]
    tool.dependencies += ["Serving", "StateStore"]
    tool.exclude = ["Commands/ServeWithoutSQLite.swift"]
} else {
    tool.exclude = ["Commands/Serve.swift", "ServingSetup"]
}
package.targets.append(tool)
