internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Ctrl-C as a wish that can be granted and forgotten: it stops an answer and not the program.
final class StopRequest {
    /// A signal's handler can capture nothing, so this is the process's.
    private static let presses = Atomic<Int>(0)

    private let watch = SignalWatch([SIGINT]) { _ in StopRequest.presses.add(1, ordering: .relaxed) }

    /// How often Ctrl-C was pressed so far.
    var count: Int { Self.presses.load(ordering: .relaxed) }
}
