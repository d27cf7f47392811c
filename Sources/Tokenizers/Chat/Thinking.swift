/// Whether an answer begins with thinking, in the manner of G1 models.
public enum Thinking: String, Sendable, Codable, CaseIterable {
    /// The model answers at once.
    case off
    /// The thinking is there and empty, which often answers better than none.
    case fake
    /// The model thinks first.
    case on
    /// The model is asked to think a little, or much, and thinks first.
    case short, long

    /// What an answer begins with. The last `>` is the model's to write, for its token may go on.
    var opening: String {
        switch self {
        case .off: ""
        case .fake: "<think>\n</think"
        case .on, .short, .long: "<think"
        }
    }

    /// What is added to the user's message.
    ///
    /// As the G1 model card has it for models since September 2025; `on` adds nothing, as older ones expect.
    var request: String {
        switch self {
        case .off, .fake, .on: ""
        case .short: " think a bit"
        case .long: " think a lot"
        }
    }
}
