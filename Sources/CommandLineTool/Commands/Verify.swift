internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Compares this program with golden cases of the official implementations.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs golden cases and says how far the results are from the expected ones.",
        discussion: """
            A case is a folder with case.json and tensors (inference, real models, training), with cases.json
            (tokenizers) or sample_logits.json (sampling), or with GGUF models and a …-case.json for each. Of a folder that is none \
            itself, the folders in it are taken. One line is printed per case; the exit code is 1 if any fails.

            Examples:
              rwkv verify fixtures/inference/v4_a fixtures/training/v4
              rwkv verify fixtures/inference
            """)

    @Argument(help: ArgumentHelp("Folders of cases.", valueName: "case-dir"))
    var cases: [String]

    @Option(help: "The precision of activations: \(PrecisionName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var precision = PrecisionName.exact

    @OptionGroup var threading: ThreadOptions

    func run() throws {
        let workspace = threading.workspace(precision.precision)
        let cases = self.cases.flatMap(GoldenCases.folders)
        let width = cases.map { name($0).count }.max() ?? 0
        var failures = 0
        for path in cases {
            let verdict: Verdict
            do {
                verdict = try GoldenCases.open(path).verify(on: workspace)
            } catch {
                verdict = Verdict(checks: [], failure: "\(error)")
            }
            if !verdict.passed { failures += 1 }
            Terminal.write("\(verdict.passed ? "ok  " : "FAIL")  \(name(path).padded(width))  \(verdict)\n")
        }
        if failures > 0 { throw ExitCode(1) }
    }

    // The last two parts tell cases apart: inference/v4_a and training/v4.
    private func name(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.pathComponents.suffix(2).joined(separator: "/")
    }
}
