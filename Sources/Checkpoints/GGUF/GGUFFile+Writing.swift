public import Tensors

extension GGUFFile {
    /// Writes the official `tensors` of an RWKV-6 or RWKV-7 model as llama.cpp wants them; the file appears whole or not at
    /// all.
    ///
    /// Projections, embedding and head get `type`; everything else becomes `f32`, as llama.cpp computes with it. The first
    /// layer's v0, v1 and v2 are not used; llama.cpp needs some, so they are copies of a0, a1 and a2, as its own converter
    /// makes them.
    /// - Parameters:
    ///   - type: `f32`, `f16`, `bf16` or a quantised type; `nil` to keep the types of the matrices.
    ///   - vocabulary: The bytes of every token by id, as `VocabularySource` gives them. Without it, a model of 256 tokens
    ///     gets bytes and any other no tokenizer, which llama.cpp calls “no_vocab”.
    ///   - tokenizerJSON: A Hugging Face `tokenizer.json`, which llama.cpp does not read for these models; ours do.
    ///   - name: What the model is called.
    /// - Throws: `CheckpointError`: `architectureNotInFormat`, `tensorNotInFormat`, `missingTensor`, `unexpectedShape`,
    ///   `rowsNotWholeBlocks`, `vocabularyTooLarge`, `duplicateName`; `isDirectory`, `notRegularFile`, `diskFull`,
    ///   `cannotWrite`.
    /// - Complexity: O(bytes) time; one converted tensor at a time is held in memory.
    public static func write(
        _ tensors: [StoredTensor], type: DataType? = nil, vocabulary: [[UInt8]]? = nil, tokenizerJSON: [UInt8]? = nil,
        name: String? = nil,
        to path: String
    ) throws(CheckpointError) {
        let model = try GGUFModelWriter(
            tensors, type: type, vocabulary: vocabulary, tokenizerJSON: tokenizerJSON, name: name)
        let file = try AtomicFile(path: path)
        try model.write(to: file)
        try file.commit()
    }

    /// Writes the bytes of such a file to `sink`.
    package static func write(
        _ tensors: [StoredTensor], type: DataType? = nil, vocabulary: [[UInt8]]? = nil, tokenizerJSON: [UInt8]? = nil,
        name: String? = nil,
        to sink: any ByteSink
    ) throws(CheckpointError) {
        try GGUFModelWriter(tensors, type: type, vocabulary: vocabulary, tokenizerJSON: tokenizerJSON, name: name)
            .write(to: sink)
    }
}
