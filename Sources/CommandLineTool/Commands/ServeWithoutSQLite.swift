internal import ArgumentParser

/// Stands for the server in a program that was built where SQLite's headers are missing; the manifest chooses.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves models over HTTP. Not in this program, which was built without SQLite.")

    /// Anything, so that the answer is the same whatever was asked.
    @Argument(parsing: .captureForPassthrough)
    var rest: [String] = []

    func run() throws {
        throw InputError(
            description: """
                this program was built without SQLite, which rwkv serve needs; install its headers and build again: \
                sudo apt-get install libsqlite3-dev && swift package purge-cache && swift build -c release
                """)
    }
}
