internal import ArgumentParser

/// What a model being trained writes now and then, so that one can read how it learns.
struct SampleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the samples go on from; by default nothing: they begin as documents do.", valueName: "text"))
    var samplePrompt = ""

    @Option(help: ArgumentHelp("The tokens of each sample; 0 for no samples.", valueName: "n"))
    var sampleTokens = 100

    func validate() throws {
        if !(0...1_000_000).contains(sampleTokens) {
            throw ValidationError("--sample-tokens is \(sampleTokens); it must be from 0 to 1000000")
        }
    }

    /// As notes of a checkpoint, for a run that is resumed.
    var notes: [String: String] { ["sample_prompt": samplePrompt, "sample_tokens": "\(sampleTokens)"] }
}
