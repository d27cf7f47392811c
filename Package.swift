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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
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
        library("LanguageModels", ["Tensors"]),
        library("Generation", ["LanguageModels", "Tokenizers", "Tensors"]),
        library("Training", ["LanguageModels", "Checkpoints", "Tensors"]),
        library(
            "RWKV",
            ["Checkpoints", "DefaultModel", "Generation", "LanguageModels", "Tensors", "Tokenizers", "Training"]),
        // Not called rwkv: on a file system that ignores case it would meet the library RWKV.
        .executableTarget(
            name: "CommandLineTool",
            dependencies: [
                "Plots", "RWKV", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        .target(name: "KernelTwins", dependencies: ["CKernels"], path: "Tests/KernelTwins"),
        .target(name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("CKernelsTests", ["CKernels", "KernelTwins"]),
        tests("TensorsTests", ["Tensors", "TestSupport"]),
        tests("CheckpointsTests", ["Checkpoints", "Tensors", "TestSupport"]),
        tests("LanguageModelsTests", ["LanguageModels", "Tensors", "TestSupport"]),
        tests("GenerationTests", ["Generation", "LanguageModels", "Tensors", "TestSupport", "Tokenizers"]),
        tests("TokenizersTests", ["Tokenizers", "TestSupport"]),
        tests("PlotsTests", ["Plots"]),
        tests("TrainingTests", ["Training", "Checkpoints", "LanguageModels", "Tensors", "TestSupport"]),
        tests("CommandTests", ["Checkpoints", "CommandLineTool", "LanguageModels", "Tensors", "TestSupport"]),
        tests("PackageTests", ["TestSupport"]),
    ]
)
