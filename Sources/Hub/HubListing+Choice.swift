extension HubListing {
    /// The files that are checkpoints by their names, in the listing's order.
    ///
    /// What training programs leave beside them (optimiser, schedule, random numbers) is left out.
    public var models: [HubFile] {
        files.filter { file in
            let name = file.name.lowercased()
            let isCheckpoint = [".pth", ".safetensors", ".st", ".gguf", ".bin", ".pt"].contains { name.hasSuffix($0) }
            let isRemains = ["training_args", "optimizer", "scheduler", "rng_state", "trainer_state"].contains {
                name.hasPrefix($0)
            }
            return isCheckpoint && !isRemains
        }
    }

    /// The one model in the repository; `nil` if there are none or several to choose from.
    ///
    /// `model.safetensors` beside `pytorch_model.bin` is the same model twice; the first is taken.
    public var onlyModel: HubFile? {
        let models = models
        if models.count == 1 { return models[0] }
        let twins = Set(models.map(\.path)) == ["model.safetensors", "pytorch_model.bin"]
        return twins ? models.first { $0.path == "model.safetensors" } : nil
    }

    /// The vocabularies that go with the model `file`: those in its folder, or else those at the root.
    public func tokenizers(beside file: HubFile) -> [HubFile] {
        func found(in folder: String) -> [HubFile] {
            files.filter { candidate in
                let name = candidate.name
                let isVocabulary =
                    ["tokenizer.json", "20B_tokenizer.json", "vocabulary.txt"].contains(name)
                    || (name.hasPrefix("rwkv_vocab") && name.hasSuffix(".txt"))
                return isVocabulary && candidate.folder == folder
            }
        }
        let beside = found(in: file.folder)
        return beside.isEmpty ? found(in: "") : beside
    }
}
