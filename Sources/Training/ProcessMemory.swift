#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The memory of this process and of the machine, in bytes.
public enum ProcessMemory {
    /// What the process holds in memory now; 0 where the system does not say.
    public static var resident: Int {
        #if os(Linux)
            // Pages: all, resident, shared, …
            let fields = read("/proc/self/statm").split(separator: " ")
            return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
        #else
            var info = mach_task_basic_info()
            var count = mach_msg_type_number_t(MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
            let status = withUnsafeMutablePointer(to: &info) {
                $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
                }
            }
            return status == KERN_SUCCESS ? Int(info.resident_size) : 0
        #endif
    }

    /// The most that the process has held so far.
    public static var peak: Int {
        var usage = rusage()
        #if os(Linux)
            getrusage(__rusage_who_t(0), &usage)  // RUSAGE_SELF, which C declares as another type
            return usage.ru_maxrss * 1024
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }

    /// What the machine can give without taking it from other programs; as good as endless where the system does not say.
    public static var available: Int {
        #if os(Linux)
            for line in read("/proc/meminfo").split(separator: "\n") where line.hasPrefix("MemAvailable:") {
                let fields = line.split(separator: " ")
                if fields.count > 1, let kilobytes = Int(fields[1]) { return kilobytes * 1024 }
            }
        #endif
        return 1 << 60
    }

    #if os(Linux)
        private static func read(_ path: String) -> String {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return "" }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 8192)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    #endif
}
