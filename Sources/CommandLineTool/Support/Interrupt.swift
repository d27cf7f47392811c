internal import Dispatch
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
    private let flag = CancellationFlag()
    private var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [flag] in
                if flag.isSet { _exit(130) }
                flag.set()
            }
            source.resume()
            sources.append(source)
        }
    }

    /// From here on the signals end the program as usual, unless another of these is made.
    deinit {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { flag.isSet }
}
