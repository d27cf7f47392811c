internal import ArgumentParser

/// A number of bytes: 60MB, 1.5GB, 900KB or 4096. MB are millions, MiB are 2²⁰.
struct ByteSize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let text = argument.replacing(" ", with: "").lowercased()
        let units = [
            ("kib", 0x1p10), ("mib", 0x1p20), ("gib", 0x1p30), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1), ("", 1),
        ]
        guard let unit = units.first(where: { text.hasSuffix($0.0) }),
            let number = Double(text.dropLast(unit.0.count)), number > 0, number * unit.1 < 0x1p60
        else { return nil }
        bytes = Int(number * unit.1)
    }
}
