// swift-tools-version: 6.1
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
        library("Evaluation", ["LanguageModels", "Tensors", "Tokenizers"]),
        library("TrainingData", ["Checkpoints", "Tensors", "Tokenizers"]),
        library("Training", ["LanguageModels", "Checkpoints", "Tensors", "TrainingData"]),
        library("Quantizing", ["LanguageModels", "Tensors"]),
        library("Comparison", ["Training", "LanguageModels", "Checkpoints", "Plots", "Tensors"]),
        library(
            "RWKV",
            [
                "Checkpoints", "DefaultModel", "Evaluation", "Generation", "LanguageModels", "Quantizing", "Tensors",
                "Tokenizers", "Training", "TrainingData",
            ]),
        // Not called rwkv: on a file system that ignores case it would meet the library RWKV.
        .executableTarget(
            name: "CommandLineTool",
            dependencies: [
                "Comparison", "Hub", "Plots", "RWKV",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

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
        tests("EvaluationTests", ["Evaluation", "LanguageModels", "Tensors", "TestSupport", "Tokenizers"]),
        tests("TrainingDataTests", ["TrainingData", "Checkpoints", "Tensors", "TestSupport", "Tokenizers"]),
        tests(
            "TrainingTests",
            ["Training", "Checkpoints", "LanguageModels", "Tensors", "TestSupport", "Tokenizers", "TrainingData"]),
        tests("ComparisonTests", ["Comparison", "LanguageModels", "Tensors", "TestSupport", "Training"]),
        tests(
            "CommandTests",
            [
                "Checkpoints", "CommandLineTool", "HubTestServer", "LanguageModels", "RWKV", "Tensors", "TestSupport",
                "Tokenizers",
            ]),
        tests("DocumentationTests", ["RWKV"]),
        tests("PackageTests", ["TestSupport"]),
    ]
)
