import Foundation
import RWKV
import TestSupport
import Testing

@Suite("rwkv train with adapters, and rwkv merge")
struct TuningCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<60).map { "KING: the \($0 % 7)th lord of \($0 * $0 % 11) lands.\n" }.joined()
        try text.write(toFile: folder.file("train.txt"), atomically: true, encoding: .utf8)
    }

    private func train(_ output: String, steps: Int, _ more: String...) throws -> (status: Int32, errors: String) {
        let common = [
            "train", "--from", "built-in", "--data", folder.file("train.txt"), "--valid", folder.file("train.txt"),
            "--context", "24", "--batch", "2", "--steps", "\(steps)", "--valid-every", "2", "--output",
            folder.file(output),
        ]
        let result = try Program.run(common + more)
        return (result.status, result.errors)
    }

    private func text(_ arguments: String...) throws -> String {
        let result = try Program.run(
            ["generate", "KING", "--tokens", "24", "--seed", "3", "--precision", "exact"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    @Test("LoRA factors of the model inside are written for us and others, and merge")
    func lora() throws {
        let run = try train("lora", steps: 4, "--method", "lora", "--rank", "4", "--lr", "0.01", "--warmup", "1")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("numbers are trained"))
        let factors = folder.file("lora") + "/lora.safetensors"
        let tuned = try text("--lora", factors)
        #expect(try tuned != text())
        // α is twice the rank; the .pth file cannot say so.
        #expect(try tuned == text("--lora", folder.file("lora") + "/lora.pth:8"))

        let merged = folder.file("merged.pth")
        #expect(try Program.run("merge", "built-in", merged, "--lora", factors, "--type", "f32").status == 0)
        let tokenizer = folder.file("lora") + "/tokenizer.json"
        #expect(try tuned == text("--model", merged, "--tokenizer", tokenizer))
        // Other commands apply them to the model inside too.
        let logits = try [["--lora", factors], []].map { more in
            let output = folder.file("logits.safetensors")
            let result = try Program.run(["logits", "--tokens", "1,2,3", "--output", output] + more)
            #expect(result.status == 0, "\(result.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: output))
        }
        #expect(logits[0] != logits[1])
    }

    @Test("A tuned state is written for us and others, and becomes part of a merged model")
    func state() throws {
        let run = try train("state", steps: 4, "--method", "state", "--lr", "0.2", "--warmup", "1")
        #expect(run.status == 0, "\(run.errors)")
        let tuned = try text("--state", folder.file("state") + "/state.safetensors")
        #expect(try tuned != text())
        #expect(try tuned == text("--state", folder.file("state") + "/state.pth"))
        let merged = folder.file("merged.safetensors")
        let state = folder.file("state") + "/state.pth"
        #expect(try Program.run("merge", "built-in", merged, "--state", state).status == 0)
        #expect(try tuned == text("--model", merged, "--tokenizer", folder.file("state") + "/tokenizer.json"))
    }

    @Test("A run that was cut off goes on to the same factors", arguments: ["lora", "state"])
    func resume(method: String) throws {
        #expect(try train("whole", steps: 6, "--method", method).status == 0)
        let process = try Program.start([
            "train", "--from", "built-in", "--data", folder.file("train.txt"), "--valid", folder.file("train.txt"),
            "--context", "24", "--batch", "2", "--steps", "6", "--valid-every", "2", "--method", method, "--save-every",
            "0", "--output", folder.file("killed"),
        ])
        try process.run()
        let checkpoint = folder.file("killed") + "/checkpoint.safetensors"
        while process.isRunning, !FileManager.default.fileExists(atPath: checkpoint) {
            Thread.sleep(forTimeInterval: 0.005)
        }
        Thread.sleep(forTimeInterval: 0.05)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let resumed = try Program.run("train", "--output", folder.file("killed"), "--resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let files = try ["whole", "killed"].map { name in
            try Data(contentsOf: URL(fileURLWithPath: folder.file(name) + "/\(method).safetensors"))
        }
        #expect(files[0].elementsEqual(files[1]), "the factors differ")
    }

    @Test("Frozen weights are the ones that the model had")
    func frozen() throws {
        #expect(try train("frozen", steps: 2, "--freeze", "blocks.0-3", "--freeze", "emb").status == 0)
        let trained = try LanguageModel(contentsOf: folder.file("frozen") + "/model.safetensors").tensors()
        var same: Set<String> = []
        for (before, after) in zip(try BuiltInModel.model().tensors(), trained) where before.floats() == after.floats()
        {
            same.insert(after.name)
        }
        let frozen = trained.map(\.name).filter {
            !$0.hasPrefix("blocks.4.") && !$0.hasPrefix("head") && !$0.hasPrefix("ln_out")
        }
        #expect(same.isSuperset(of: frozen))
        #expect(!same.contains("blocks.4.att.key.weight") && !same.contains("head.weight"))
    }

    @Test("What cannot be is refused")
    func refuses() throws {
        let alone = try Program.run(
            "train", "--method", "lora", "--data", folder.file("train.txt"), "--output", folder.file("x"))
        #expect(alone.status == 64)
        #expect(alone.errors.contains("--from"))
        let pattern = try train("y", steps: 2, "--freeze", "attn")
        #expect(pattern.status == 1)
        #expect(pattern.errors.contains("“attn” is in no weight’s name"))
        #expect(try train("z", steps: 2, "--also-train", "ln*").status == 64)
        #expect(try train("z", steps: 2, "--method", "state", "--target", "att").status == 64)
        #expect(try Program.run("merge", "built-in", folder.file("m.pth")).status == 64)
        #expect(try Program.run("merge", "built-in", folder.file("m.gguf"), "--state", "x").status == 64)
    }
}
