internal import RWKV

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
    private let flag: CancellationFlag
    private let watch: SignalWatch

    init() {
        let flag = CancellationFlag()
        self.flag = flag
        watch = SignalWatch([SIGINT, SIGTERM]) {
            if flag.isSet { _exit(130) }
            flag.set()
        }
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { flag.isSet }
}
