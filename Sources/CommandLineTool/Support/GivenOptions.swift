/// The options that stand on the command line, whether or not they have their default's value.
struct GivenOptions {
    private let names: [String]

    init(_ arguments: [String] = CommandLine.arguments) {
        names = arguments.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) }
    }

    /// Those that have one of these names.
    func of(_ wanted: [String]) -> [String] { names.filter(wanted.contains) }

    /// Those that have none of these names.
    func besides(_ known: [String]) -> [String] { names.filter { !$0.isEmpty && !known.contains($0) } }

    /// Says that some of them change nothing, and why.
    func note(_ idle: [String], _ reason: String) {
        guard !idle.isEmpty else { return }
        let list = idle.map { "--\($0)" }.joined(separator: ", ")
        Terminal.note("warning: \(list) \(idle.count == 1 ? "changes" : "change") nothing: \(reason)")
    }
}
