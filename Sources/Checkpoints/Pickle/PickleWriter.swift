/// Composes a pickle of protocol 2, instruction by instruction.
package struct PickleWriter {
    /// The pickle so far.
    package private(set) var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]

    package init() {}

    mutating func write(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

    mutating func write(text: String) {
        write(.binunicode)
        bytes += littleEndian(UInt32(text.utf8.count)) + text.utf8
    }

    mutating func write(global module: String, _ name: String) {
        write(.global)
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    mutating func write(integer: Int) {
        if let small = UInt8(exactly: integer) {
            write(.binint1)
            bytes.append(small)
        } else if let medium = Int32(exactly: integer) {
            write(.binint)
            bytes += littleEndian(medium)
        } else {
            write(.long1)
            bytes += [8] + littleEndian(Int64(integer))
        }
    }

    mutating func write(integers: [Int]) {
        write(.mark)
        for integer in integers { write(integer: integer) }
        write(.tuple)
    }
}
