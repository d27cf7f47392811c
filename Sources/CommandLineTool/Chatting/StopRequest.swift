#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Ctrl-C as a wish that can be granted and forgotten: it stops an answer and not the program.
final class StopRequest {
    /// How often Ctrl-C was pressed so far.
    let requests: Counter
    private let watch: SignalWatch

    init() {
        let requests = Counter()
        self.requests = requests
        watch = SignalWatch([SIGINT]) { requests.add() }
    }
}
