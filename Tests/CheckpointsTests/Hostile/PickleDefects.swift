import Checkpoints

/// .pth files whose pickle, or what it says of tensors, has one defect each. All but the last are in a zip archive.
enum PickleDefects {
    static let all: [Defect] = machine + globals + calls + dictionaries + views + legacy

    private typealias P = PickleText

    private static func archive(_ body: [UInt8]...) -> [UInt8] { torchArchive(P.pickle(Array(body.joined()))) }

    private static func tensorFile(
        storage: [UInt8] = P.storage("0", "FloatStorage", 4), offset: Int32 = 0, _ shape: [Int32], _ strides: [Int32]
    ) -> [UInt8] {
        archive(P.dictionary(P.text("w"), P.tensor(storage, offset: offset, shape, strides)))
    }

    /// Where the pickle begins in the file; errors count from the file's first byte.
    private static let start = 64

    private static let machine: [Defect] = [
        Defect("protocol 1", torchArchive([0x80, 1, 0x2E]), .pickleUnsupportedProtocol(version: 1)),
        Defect("protocol 6", torchArchive([0x80, 6, 0x2E]), .pickleUnsupportedProtocol(version: 6)),
        Defect("opcode INST", archive([0x69]), .pickleUnsupportedOpcode(opcode: 0x69, offset: start + 2)),
        Defect("nothing on the stack", archive(), .pickleStackUnderflow(offset: start + 2)),
        Defect("tuple of too few", archive(P.none, [0x86]), .pickleStackUnderflow(offset: start + 3)),
        Defect("value below a mark", archive(P.none, [0x28, 0x85]), .pickleStackUnderflow(offset: start + 4)),
        Defect("key without value", archive(P.dictionary(P.text("a"))), .pickleStackUnderflow(offset: start + 10)),
        Defect("no mark", archive([0x74]), .pickleMarkMissing(offset: start + 2)),
        Defect("memo never written", archive([0x68, 3]), .pickleMemoMissing(index: 3, offset: start + 2)),
        Defect(
            "memo never written, 32 bits", archive([0x6A, 4, 0, 1, 0]),
            .pickleMemoMissing(index: 65540, offset: start + 2)),
        Defect(
            "end of the pickle in a string", torchArchive([0x80, 2, 0x58, 9, 0, 0, 0, 0x61]),
            .truncated(what: "pickle", offset: start + 7, needed: 9, available: 1)),
        Defect(
            "end of the pickle in a name", torchArchive([0x80, 2, 0x63, 0x61, 0x61]),
            .truncated(what: "pickle", offset: start + 3, needed: 3, available: 2)),
        Defect(
            "appending to a dictionary", archive([0x7D], P.none, [0x61]),
            .pickleUnexpectedValue(offset: start + 4, expected: "a list", found: "a dictionary")),
        Defect(
            "item of a list", archive([0x5D], P.none, P.none, [0x73]),
            .pickleUnexpectedValue(offset: start + 5, expected: "a dictionary", found: "a list")),
        Defect(
            "name that is no string", archive(P.none, P.none, [0x93]),
            .pickleUnexpectedValue(offset: start + 4, expected: "a string", found: "None")),
        Defect(
            "eight million instructions",
            torchArchive([0x80, 2] + [UInt8](repeating: 0x5D, count: 8_000_000)), .pickleTooLarge(limit: 8_000_000)),
        Defect("list of a million pairs copied many times", copiedList, .pickleTooLarge(limit: 8_000_000)),
    ]

    /// OrderedDict(pairs), OrderedDict(pairs), … with one list of pairs: a megabyte that would unfold to many gigabytes.
    private static let copiedList: [UInt8] = {
        let pair: [UInt8] = P.none + P.none + [0x86, 0x71, 0]
        let list = [0x5D, 0x28] + Array(repeating: [0x68, 0] as [UInt8], count: 100_000).joined() + [0x65, 0x71, 1]
        let call = P.global("collections", "OrderedDict") + [0x68, 1, 0x85, 0x52]
        return archive(pair, list, Array(Array(repeating: call, count: 10_000).joined()))
    }()

    private static let globals: [Defect] = [
        Defect(
            "os.system", archive(P.global("os", "system"), P.text("true"), [0x85, 0x52]),
            .pickleForbiddenGlobal(module: "os", name: "system")),
        Defect(
            "builtins.eval, protocol 4", archive(P.text("builtins"), P.text("eval"), [0x93]),
            .pickleForbiddenGlobal(module: "builtins", name: "eval")),
        Defect(
            "torch.load itself", archive(P.global("torch", "load")),
            .pickleForbiddenGlobal(module: "torch", name: "load")),
        Defect(
            "storage class of another module", archive(P.global("os", "FloatStorage")),
            .pickleForbiddenGlobal(module: "os", name: "FloatStorage")),
    ]

    private static let calls: [Defect] = [
        Defect(
            "call of a string", archive(P.text("a"), [0x29, 0x52]),
            .pickleUnexpectedValue(offset: start + 9, expected: "a class or function", found: "a string")),
        Defect(
            "call without arguments", archive(P.global("torch", "Size"), P.none, P.reduce),
            .pickleUnexpectedValue(offset: start + 15, expected: "a tuple of arguments", found: "None")),
        Defect(
            "call of a storage class", archive(P.global("torch", "FloatStorage"), [0x29, 0x52]),
            .pickleUnexpectedValue(
                offset: start + 23, expected: "something that can be called", found: "a class or function")),
        Defect(
            "tensor without arguments", archive(P.global("torch._utils", "_rebuild_tensor_v2"), [0x29, 0x52]),
            .pickleStackUnderflow(offset: start + 36)),
        Defect(
            "tensor without storage",
            archive(P.global("torch._utils", "_rebuild_tensor_v2"), P.tuple(P.none, P.none, P.none, P.none), P.reduce),
            .pickleUnexpectedValue(offset: start + 41, expected: "a tensor's storage", found: "None")),
        Defect(
            "parameter without tensor",
            archive(P.global("torch._utils", "_rebuild_parameter"), P.tuple(P.none), P.reduce),
            .pickleUnexpectedValue(offset: start + 38, expected: "a parameter's tensor", found: "None")),
        Defect(
            "persistent object that is no storage", archive(P.text("x"), [0x51]),
            .pickleUnexpectedValue(offset: start + 8, expected: "the description of a storage", found: "a string")),
        Defect(
            "storage of −1 elements", archive(P.storage("0", "FloatStorage", -1)),
            .pickleUnexpectedValue(offset: start + 55, expected: "the description of a storage", found: "a tuple")),
        Defect(
            "function that calls itself",
            archive(
                P.global("torch._tensor", "_rebuild_from_type_v2"),
                P.tuple(P.global("torch._tensor", "_rebuild_from_type_v2"), P.none, [0x29]), P.reduce),
            .pickleUnexpectedValue(offset: start + 80, expected: "a function and its arguments", found: "a tuple")),
    ]

    private static let dictionaries: [Defect] = [
        Defect(
            "a tensor alone", archive(P.tensor(P.storage("0", "FloatStorage", 4), [4], [1])),
            .notStateDictionary(found: "a tensor")),
        Defect("a number alone", archive(P.int(3)), .notStateDictionary(found: "an integer")),
        Defect(
            "name twice",
            archive(
                P.dictionary(
                    P.text("a"), P.minimal, P.text("a.w"), P.tensor(P.storage("0", "FloatStorage", 4), [4], [1]))),
            .duplicateName(name: "a.w")),
        Defect(
            "dictionary in itself", archive([0x7D, 0x71, 0], P.text("a"), [0x68, 0, 0x73]), .nestingTooDeep(limit: 16)),
        Defect(
            "a million nested tuples", archive([0x29], [UInt8](repeating: 0x85, count: 1_000_000)),
            .nestingTooDeep(limit: 16)),
        Defect("each level twice the one below", doublingLists, .pickleTooLarge(limit: 256 << 20)),
        Defect("big-endian machine", torchArchive(P.pickle(P.minimal), byteOrder: "big"), .bigEndian),
        Defect("storage missing", torchArchive(P.pickle(P.minimal), storages: []), .storageMissing(key: "0")),
        Defect(
            "storage too short", torchArchive(P.pickle(P.minimal), storages: [("0", [1, 2, 3])]),
            .storageSizeMismatch(key: "0", expected: 16, found: 3)),
    ]

    /// Fifteen lists, each holding the one before 100 times: 100¹⁵ paths in a few hundred bytes.
    private static let doublingLists: [UInt8] = {
        var body: [UInt8] = [0x5D, 0x71, 0]
        for level in 0..<15 as Range<UInt8> {
            body +=
                [0x5D, 0x28] + Array(repeating: [0x68, level] as [UInt8], count: 100).joined() + [
                    0x65, 0x71, level + 1,
                ]
        }
        return archive(body)
    }()

    private static let views: [Defect] = [
        Defect(
            "type that is not supported", tensorFile(storage: P.storage("0", "ComplexFloatStorage", 2), [2], [1]),
            .unsupportedType(name: "w", type: "ComplexFloatStorage")),
        Defect(
            "65 dimensions", tensorFile(sixtyFiveOnes, sixtyFiveOnes),
            .tooManyDimensions(name: "w", count: 65, limit: 64)),
        Defect(
            "elements that overflow", tensorFile([1 << 30, 1 << 30, 1 << 30], [0, 0, 0]),
            .shapeTooLarge(name: "w", extents: [1 << 30, 1 << 30, 1 << 30])),
        outside("one element too many", [5], [1]),
        outside("offset behind the storage", offset: 4, [1], [1]),
        outside("negative offset", offset: -1, [1], [1]),
        outside("negative extent", [-1], [1]),
        outside("negative stride", offset: 3, [2], [-1]),
        outside("stride too long", [2, 2], [3, 1]),
        outside("more strides than extents", [2], [1, 1]),
        outside("reach that overflows", [Int32.max, 2, 2], [Int32.max, Int32.max, Int32.max]),
        Defect(
            "expanded to gigabytes", tensorFile([1 << 30], [0]),
            .viewsTooLarge(name: "w", limit: 4 * tensorFile([1 << 30], [0]).count)),
    ]

    private static let sixtyFiveOnes = [Int32](repeating: 1, count: 65)

    private static func outside(_ name: String, offset: Int32 = 0, _ shape: [Int32], _ strides: [Int32]) -> Defect {
        Defect(
            name, tensorFile(offset: offset, shape, strides),
            .viewOutsideStorage(
                name: "w", offset: Int(offset), shape: shape.map(Int.init), strides: strides.map(Int.init),
                elementCount: 4))
    }

    private static let legacy: [Defect] = [
        Defect(
            "old layout, unknown version", legacyFile(protocolVersion: 1002, P.minimal),
            .legacyHeaderMalformed(reason: "its protocol version is not 1001")),
        Defect(
            "old layout, no facts", legacyFile(machine: P.none, P.minimal),
            .legacyHeaderMalformed(reason: "the facts about the machine are None")),
        Defect(
            "old layout, big-endian machine",
            legacyFile(machine: P.dictionary(P.text("little_endian"), [0x89]), P.minimal), .bigEndian),
        Defect(
            "old layout, unused storage", legacyFile(P.minimal, keys: ["7"]),
            .legacyHeaderMalformed(reason: "it lists a storage that no tensor uses")),
        Defect("old layout, storage missing", legacyFile(P.minimal, keys: []), .storageMissing(key: "0")),
        Defect(
            "old layout, storage of another size", legacyFile(P.minimal, data: littleEndian(Int64(3)) + fourFloats),
            .storageSizeMismatch(key: "0", expected: 16, found: 12)),
        Defect(
            "old layout, storage of 2⁶³ − 1 elements", legacyFile(P.minimal, data: littleEndian(Int64.max)),
            .truncated(
                what: "PyTorch file", offset: legacyFile(P.minimal, data: littleEndian(Int64.max)).count,
                needed: Int.max, available: 0)),
        Defect(
            "old layout, type that is not supported",
            legacyFile(P.dictionary(P.text("w"), P.tensor(P.storage("0", "QInt8Storage", 2), [2], [1]))),
            .unsupportedType(name: "0", type: "QInt8Storage")),
        Defect(
            "old layout, part behind the storage",
            legacyFile(P.storage("0", "FloatStorage", 4, part: P.tuple(P.text("1"), P.int(3), P.int(2)))),
            .pickleUnexpectedValue(offset: 121, expected: "a part of the storage", found: "a tuple")),
    ]
}
