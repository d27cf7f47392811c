#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Has signals call a function instead of ending the program, as long as it lives.
///
/// The function is a signal's handler proper, not a Dispatch source: those take a signal on a thread of their own, which on a
/// busy machine comes late, and a line editor that handles the same signal meanwhile is between the two. It may therefore do
/// only what a handler may: change atomic values, and call what POSIX calls async-signal-safe.
final class SignalWatch {
    private let numbers: [Int32]
    private let earlier: [sigaction]

    /// - Parameter handler: Called with the number of a signal, on any thread, between any two of its instructions.
    init(_ numbers: [Int32], _ handler: @escaping @convention(c) (Int32) -> Void) {
        self.numbers = numbers
        earlier = numbers.map { number in
            var (new, old) = (sigaction(), sigaction())
            #if canImport(Darwin)
                new.__sigaction_u.__sa_handler = handler
            #else
                new.__sigaction_handler.sa_handler = handler
            #endif
            // What is being read or written goes on.
            new.sa_flags = SA_RESTART
            sigemptyset(&new.sa_mask)
            sigaction(number, &new, &old)
            return old
        }
        // A program inherits which signals are held back, and one that was started from another's worker thread gets none.
        var awaited = sigset_t()
        sigemptyset(&awaited)
        for number in numbers { sigaddset(&awaited, number) }
        pthread_sigmask(SIG_UNBLOCK, &awaited, nil)
    }

    /// From here on the signals do what they did before.
    deinit {
        for (number, var old) in zip(numbers, earlier) { sigaction(number, &old, nil) }
    }
}
