import Tensors

/// Reads a pickle of tensors and runs nothing: classes and functions are only compared with a list.
///
/// A pickle is a program for a stack machine. This machine knows the instructions of `PickleOpcode` and the names of
/// `PickleGlobal`; anything else is an error that names it. Its memory is bounded by `maximumValues`, and each value
/// takes at least a byte of the file.
struct Unpickler {
    /// More instructions, and values copied by them, than any state dict needs (about 25 per tensor).
    static let maximumValues = 8_000_000
    /// More bytes than any state dict needs.
    static let maximumByteCount = 256 << 20

    var heap = PickleHeap()
    var stack: [PickleValue] = []
    /// The instruction that is being run, for messages.
    private(set) var offset = 0
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var cost = 0

    /// Reads one pickle from `reader`, which then stands behind it.
    /// - Returns: The value that the pickle holds, and the heap that it refers to.
    /// - Throws: `CheckpointError`: the pickle cases; `truncated`.
    static func read(_ reader: inout ByteReader) throws(CheckpointError) -> (root: PickleValue, heap: PickleHeap) {
        var machine = Unpickler()
        let start = reader.position
        while true {
            machine.offset = reader.position
            try machine.charge(1)
            guard reader.position - start <= maximumByteCount else { throw .pickleTooLarge(limit: maximumByteCount) }
            let byte = try reader.number(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw .pickleUnsupportedOpcode(opcode: byte, offset: machine.offset)
            }
            if opcode == .stop { return (try machine.pop(), machine.heap) }
            try machine.run(opcode, &reader)
        }
    }

    private mutating func run(_ opcode: PickleOpcode, _ reader: inout ByteReader) throws(CheckpointError) {
        switch opcode {
        case .stop: break
        case .proto:
            let version = Int(try reader.number(UInt8.self))
            guard (2...5).contains(version) else { throw .pickleUnsupportedProtocol(version: version) }
        case .frame: try reader.advance(by: 8)

        case .none: stack.append(.none)
        case .newtrue: stack.append(.bool(true))
        case .newfalse: stack.append(.bool(false))
        case .binint: stack.append(.integer(Int(try reader.number(Int32.self))))
        case .binint1: stack.append(.integer(Int(try reader.number(UInt8.self))))
        case .binint2: stack.append(.integer(Int(try reader.number(UInt16.self))))
        case .long1: stack.append(try long(&reader))
        // The only number that pickles keep most significant byte first.
        case .binfloat: stack.append(.float(Double(bitPattern: try reader.number(UInt64.self).byteSwapped)))
        case .binunicode, .binstring: try pushText(try reader.count32(), &reader)
        case .shortBinunicode, .shortBinstring: try pushText(Int(try reader.number(UInt8.self)), &reader)
        case .binunicode8: try pushText(try reader.count64(), &reader)
        case .binbytes: try skipBytes(try reader.count32(), &reader)
        case .shortBinbytes: try skipBytes(Int(try reader.number(UInt8.self)), &reader)

        case .mark: marks.append(stack.count)
        case .emptyTuple: push(sequence: [], PickleValue.tuple)
        case .tuple1: push(sequence: try pop(1), PickleValue.tuple)
        case .tuple2: push(sequence: try pop(2), PickleValue.tuple)
        case .tuple3: push(sequence: try pop(3), PickleValue.tuple)
        case .tuple: push(sequence: try popToMark(), PickleValue.tuple)
        case .emptyList: push(sequence: [], PickleValue.list)
        case .append: try append(try pop(1))
        case .appends: try append(try popToMark())
        case .emptyDict: push(dictionary: [])
        case .setitem: try setItems(try pop(2))
        case .setitems: try setItems(try popToMark())

        case .binput: try memoize(Int(try reader.number(UInt8.self)))
        case .longBinput: try memoize(try reader.count32())
        case .memoize: try memoize(memo.count)
        case .binget: try recall(Int(try reader.number(UInt8.self)))
        case .longBinget: try recall(try reader.count32())

        case .global:
            let module = String(decoding: try reader.line(), as: UTF8.self)
            try pushGlobal(module: module, name: String(decoding: try reader.line(), as: UTF8.self))
        case .stackGlobal:
            let name = try popString()
            try pushGlobal(module: try popString(), name: name)
        case .binpersid: try loadStorage()
        case .reduce, .newobj: try call()
        case .build: _ = try pop()  // Attributes of the object below, such as a module's version numbers.
        }
    }

    /// Counts `count` instructions or copied values against the limit. Values recalled from the memo may be copied again
    /// and again, so that the length of the pickle alone bounds nothing.
    mutating func charge(_ count: Int) throws(CheckpointError) {
        cost += count
        guard cost <= Self.maximumValues else { throw .pickleTooLarge(limit: Self.maximumValues) }
    }

    /// The value on top of the stack, taken off.
    mutating func pop() throws(CheckpointError) -> PickleValue {
        // What lies below a mark belongs to someone else until the mark is used up.
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw .pickleStackUnderflow(offset: offset)
        }
        return value
    }

    /// Pushes a dictionary with `items`.
    mutating func push(dictionary items: [(key: PickleValue, value: PickleValue)]) {
        heap.dictionaries.append(items)
        stack.append(.dictionary(heap.dictionaries.count - 1))
    }

    private mutating func push(sequence: [PickleValue], _ kind: (Int) -> PickleValue) {
        heap.sequences.append(sequence)
        stack.append(kind(heap.sequences.count - 1))
    }

    private mutating func pop(_ count: Int) throws(CheckpointError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw .pickleStackUnderflow(offset: offset) }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw .pickleMarkMissing(offset: offset) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func popString() throws(CheckpointError) -> String {
        let value = try pop()
        guard case .string(let text) = value else { throw unexpected(value, expected: "a string") }
        return text
    }

    private mutating func append(_ values: [PickleValue]) throws(CheckpointError) {
        let target = try top()
        guard case .list(let index) = target else { throw unexpected(target, expected: "a list") }
        heap.sequences[index] += values
    }

    private mutating func setItems(_ values: [PickleValue]) throws(CheckpointError) {
        let target = try top()
        guard case .dictionary(let index) = target else { throw unexpected(target, expected: "a dictionary") }
        guard values.count.isMultiple(of: 2) else { throw .pickleStackUnderflow(offset: offset) }
        for i in stride(from: 0, to: values.count, by: 2) {
            heap.dictionaries[index].append((values[i], values[i + 1]))
        }
    }

    private func top() throws(CheckpointError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw .pickleStackUnderflow(offset: offset)
        }
        return value
    }

    private mutating func memoize(_ index: Int) throws(CheckpointError) { memo[index] = try top() }

    private mutating func recall(_ index: Int) throws(CheckpointError) {
        guard let value = memo[index] else { throw .pickleMemoMissing(index: index, offset: offset) }
        stack.append(value)
    }

    private mutating func pushGlobal(module: String, name: String) throws(CheckpointError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw .pickleForbiddenGlobal(module: module, name: name)
        }
        stack.append(.global(global))
    }

    private mutating func pushText(_ count: Int, _ reader: inout ByteReader) throws(CheckpointError) {
        // Bytes that are no UTF-8 (Python 2 strings, lone surrogates) occur in no name.
        stack.append(try reader.text(count).map(PickleValue.string) ?? .opaque)
    }

    private mutating func skipBytes(_ count: Int, _ reader: inout ByteReader) throws(CheckpointError) {
        try reader.advance(by: count)
        stack.append(.opaque)
    }

    /// A signed integer of as many bytes as the first one says, least significant first.
    private func long(_ reader: inout ByteReader) throws(CheckpointError) -> PickleValue {
        let bytes = try reader.bytes(Int(try reader.number(UInt8.self)))
        guard bytes.count <= 8 else { return .opaque }
        var value = bytes.last.map { $0 >= 0x80 } == true ? -1 : 0
        for byte in bytes.reversed() { value = value << 8 | Int(byte) }
        return .integer(value)
    }

    /// The error for `value` where `expected` is needed.
    func unexpected(_ value: PickleValue, expected: String) -> CheckpointError {
        .pickleUnexpectedValue(offset: offset, expected: expected, found: value.kind)
    }
}
