import Checkpoints
import Testing

/// A file with one thing wrong with it, and the error that has to say so.
struct Defect: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let error: CheckpointError

    init(_ description: String, _ bytes: [UInt8], _ error: CheckpointError) {
        (testDescription, self.bytes, self.error) = (description, bytes, error)
    }
}

extension [UInt8] {
    /// The bytes with those from `offset` replaced by `replacement`.
    func replacing(at offset: Int, with replacement: [UInt8]) -> [UInt8] {
        Array(self[..<offset]) + replacement + Array(self[(offset + replacement.count)...])
    }

    /// Where `pattern` begins for the last time.
    func lastOffset(of pattern: [UInt8]) -> Int {
        indices.last { self[$0...].starts(with: pattern) } ?? count
    }

    /// Where `pattern` begins for the first time.
    func firstOffset(of pattern: [UInt8]) -> Int {
        indices.first { self[$0...].starts(with: pattern) } ?? count
    }
}
