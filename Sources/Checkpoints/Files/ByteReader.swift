package import Tensors

/// Reads little-endian numbers and text from a range of a storage, and never past its end.
package struct ByteReader {
    package let storage: Storage
    /// Where the next byte is read.
    package private(set) var position: Int
    /// Where the range ends.
    package let end: Int
    private let what: String

    /// - Parameters:
    ///   - range: The bytes that may be read; it must lie in `storage`.
    ///   - what: What is being read, for the error's message.
    package init(_ storage: Storage, range: Range<Int>? = nil, what: String) {
        let range = range ?? 0..<storage.bytes.count
        precondition(range.lowerBound >= 0 && range.upperBound <= storage.bytes.count, "the range lies in the storage")
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
        self.what = what
    }

    /// The number of bytes that are left.
    package var remaining: Int { end - position }

    /// The next number, least significant byte first.
    package mutating func number<Number>(_: Number.Type) throws(CheckpointError) -> Number
    where Number: FixedWidthInteger & BitwiseCopyable {
        let start = try advance(by: MemoryLayout<Number>.size)
        return withExtendedLifetime(storage) {
            Number(littleEndian: storage.bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
        }
    }

    /// The next 4 bytes, least significant first, as a count.
    package mutating func count32() throws(CheckpointError) -> Int { Int(try number(UInt32.self)) }

    /// The next 8 bytes, least significant first, as a count; more than `Int` can hold becomes `Int.max`.
    package mutating func count64() throws(CheckpointError) -> Int { Int(clamping: try number(UInt64.self)) }

    /// The next `count` bytes.
    package mutating func bytes(_ count: Int) throws(CheckpointError) -> [UInt8] {
        let start = try advance(by: count)
        return withExtendedLifetime(storage) { Array(storage.bytes[start..<start + count]) }
    }

    /// The next `count` bytes as UTF-8 text; `nil` if they are none.
    package mutating func text(_ count: Int) throws(CheckpointError) -> String? {
        let start = try advance(by: count)
        return withExtendedLifetime(storage) {
            String(validating: storage.bytes[start..<start + count], as: UTF8.self)
        }
    }

    /// The bytes before the next line feed, which is skipped.
    package mutating func line() throws(CheckpointError) -> [UInt8] {
        let length = withExtendedLifetime(storage) { storage.bytes[position..<end].firstIndex(of: 0x0A) }
        guard let length else {
            throw .truncated(what: what, offset: position, needed: remaining + 1, available: remaining)
        }
        let line = try bytes(length - position)
        position += 1
        return line
    }

    /// Moves on by `count` bytes and returns where it was before.
    @discardableResult
    package mutating func advance(by count: Int) throws(CheckpointError) -> Int {
        guard count >= 0, count <= remaining else {
            throw .truncated(what: what, offset: position, needed: count, available: remaining)
        }
        defer { position += count }
        return position
    }
}
