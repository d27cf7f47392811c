internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Turns Ctrl-C and termination requests into a flag that long work looks at, so that it can stop cleanly.
///
/// A second Ctrl-C ends the program at once.
final class Interrupt {
    /// A signal's handler can capture nothing, so this is the process's.
    private static let requests = Atomic<Int>(0)

    private let watch: SignalWatch

    init() {
        Self.requests.store(0, ordering: .relaxed)
        watch = SignalWatch([SIGINT, SIGTERM]) { _ in
            if Interrupt.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
        }
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { Self.requests.load(ordering: .relaxed) > 0 }
}
