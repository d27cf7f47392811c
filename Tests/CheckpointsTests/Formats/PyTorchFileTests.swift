import Checkpoints
import Tensors
import Testing

@Suite("A PyTorch file")
struct PyTorchFileTests {
    @Test("gives back the tensors that were written, of every type, in order and aligned to 64 bytes")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        try PyTorchFile.write(oneTensorOfEveryType, to: folder.file("a.pth"))
        let file = try PyTorchFile(path: folder.file("a.pth"))
        expectSame(file.tensors, oneTensorOfEveryType)
        #expect(file.tensors.map(\.name) == oneTensorOfEveryType.map(\.name))
        for tensor in file.tensors { #expect(tensor.location.offset.isMultiple(of: 64)) }
    }

    @Test("reads what PyTorch saves, in both layouts", arguments: TorchFile.allCases)
    func torchFiles(torchFile: TorchFile) throws {
        let file = try PyTorchFile(storage: Storage(copying: torchFile.bytes))
        let base = (0..<24).map(Float.init)
        // permute(2, 0, 1) of [2, 3, 4]: element [k, i, j] is 12 i + 4 j + k.
        let transposed = (0..<4).flatMap { k in (0..<6).map { base[4 * $0 + k] } }
        let expected = [
            StoredTensor(name: "model.transposed", shape: [4, 2, 3], floats: transposed),
            StoredTensor(name: "model.column", shape: [6], floats: (0..<6).map { base[4 * $0 + 1] }),
            StoredTensor(name: "model.tail", shape: [4], floats: base[20...]),
            StoredTensor(
                name: "model.expanded", shape: [2, 3], type: .i64,
                storage: Storage(copying: [5, 5, 5, 7, 7, 7] as [Int64])),
            StoredTensor(
                name: "model.half", shape: [2], type: .f16, storage: Storage(copying: [1.5, -2].map(Half.bits))),
            StoredTensor(name: "model.scalar", shape: [], type: .f64, storage: Storage(copying: [3.25])),
            StoredTensor(name: "model.empty", shape: [0, 3], type: .i8, storage: Storage(byteCount: 0)),
            StoredTensor(name: "model.flags", shape: [2], type: .bool, storage: Storage(copying: [1, 0] as [UInt8])),
            StoredTensor(
                name: "model.parameter", shape: [2], type: .bf16,
                storage: Storage(copying: [0.5, 0.25].map(BFloat16.bits))),
            StoredTensor(name: "list.0", shape: [1], type: .i32, storage: Storage(copying: [1] as [Int32])),
            StoredTensor(name: "3.a", shape: [1], type: .u8, storage: Storage(copying: [9] as [UInt8])),
        ]
        expectSame(file.tensors, expected)
        #expect(file.tensors.map(\.name) == expected.map(\.name))
        #expect(file.metadata == ["step": "7", "note": "größe", "rate": "0.125", "done": "true"])
    }

    @Test("uses contiguous tensors in place and copies the others", arguments: TorchFile.allCases)
    func inPlace(torchFile: TorchFile) throws {
        let storage = Storage(copying: torchFile.bytes)
        let copied = try PyTorchFile(storage: storage).tensors.filter { $0.location.storage !== storage }
        #expect(copied.map(\.name) == ["model.transposed", "model.column", "model.expanded"])
    }

    @Test("may have a zip archive with 64-bit records")
    func zip64() throws {
        let bytes = torchArchive(PickleText.pickle(PickleText.minimal), largestIn32Bits: 0)
        #expect(bytes.firstOffset(of: Array("PK\u{6}\u{6}".utf8)) < bytes.count)
        #expect(try PyTorchFile(storage: Storage(copying: bytes)).tensors.first?.floats() == [0, 1, 2, 3])
    }

    @Test("may have a comment behind the archive and need not say its byte order")
    func comment() throws {
        var bytes = torchArchive(PickleText.pickle(PickleText.minimal), byteOrder: nil)
        bytes = Array(bytes.dropLast(2)) + littleEndian(UInt16(5)) + "PK\u{5}\u{6}!".utf8
        #expect(try PyTorchFile(storage: Storage(copying: bytes)).tensors.map(\.name) == ["w"])
    }

    @Test("may name a part of a storage in the old layout")
    func part() throws {
        typealias P = PickleText
        let part = P.storage("0", "FloatStorage", 4, part: P.tuple(P.text("1"), P.int(1), P.int(2)))
        let file = legacyFile(P.dictionary(P.text("w"), P.tensor(part, [2], [1])))
        #expect(try PyTorchFile(storage: Storage(copying: file)).tensors.first?.floats() == [1, 2])
        let tooLong = legacyFile(P.dictionary(P.text("w"), P.tensor(part, [3], [1])))
        #expect(
            throws: CheckpointError.viewOutsideStorage(
                name: "w", offset: 0, shape: [3], strides: [1], elementCount: 2)
        ) { try PyTorchFile(storage: Storage(copying: tooLong)) }
    }

    @Test("may come from Python 2, or wrap its tensors in types of their own")
    func otherForms() throws {
        typealias P = PickleText
        let tensor = P.tensor(P.storage("0", "FloatStorage", 4), [4], [1])
        let pairs = [0x5D] + P.text("w") + tensor + [0x86, 0x61]
        let orderedDictionary = P.global("collections", "OrderedDict") + pairs + [0x85, 0x52]
        let arguments = P.tuple(
            P.storage("0", "FloatStorage", 4), P.int(0), P.ints([4]), P.ints([1]), [0x89], P.emptyDictionary)
        let typed =
            P.global("torch._tensor", "_rebuild_from_type_v2")
            + P.tuple(
                P.global("torch._utils", "_rebuild_tensor_v2"), P.global("torch.nn.parameter", "Parameter"), arguments,
                P.emptyDictionary) + P.reduce
        for body in [orderedDictionary, P.dictionary(P.text("w"), typed)] {
            let file = try PyTorchFile(storage: Storage(copying: torchArchive(P.pickle(body))))
            #expect(file.tensors.map(\.name) == ["w"])
            #expect(file.tensors.first?.floats() == [0, 1, 2, 3])
        }
    }

    @Test("may carry attributes, as a module's state dict does, and values that are of no use here")
    func attributes() throws {
        typealias P = PickleText
        let bytes: [UInt8] = [0x43, 2, 1, 2]
        let huge: [UInt8] = [0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        let orderedDictionary =
            P.global("collections", "OrderedDict") + [0x29, 0x52, 0x28]
            + [P.text("w"), P.tensor(P.storage("0", "FloatStorage", 4), [4], [1])].joined()
            + [P.text("b"), bytes, P.text("h"), huge, P.text("n"), P.none, P.tuple(P.int(1)), P.int(2)].joined()
            // Numbers: LONG1 of −2 and of 2³², BININT2 of 513, BINFLOAT of −0.5.
            + [P.text("i"), [0x8A, 1, 0xFE], P.text("j"), [0x8A, 5, 0, 0, 0, 0, 1]].joined()
            + [P.text("k"), [0x4D, 1, 2], P.text("x"), [0x47, 0xBF, 0xE0, 0, 0, 0, 0, 0, 0]].joined()
            + [0x75] + P.dictionary(P.text("_metadata"), P.int(1)) + [0x62]
        let file = try PyTorchFile(storage: Storage(copying: torchArchive(P.pickle(Array(orderedDictionary)))))
        #expect(file.tensors.map(\.name) == ["w"])
        #expect(file.metadata == ["i": "-2", "j": "4294967296", "k": "513", "x": "-0.5"])
    }

    @Test("names types that have no storage class", arguments: ["float8_e4m3fn", "uint16"])
    func newTypes(type: String) {
        typealias P = PickleText
        let tensor =
            P.global("torch._utils", "_rebuild_tensor_v3")
            + P.tuple(
                P.tuple(
                    P.text("storage"), P.global("torch.storage", "UntypedStorage"), P.text("0"), P.text("cpu"), P.int(4)
                )
                    + [0x51], P.int(0), P.ints([4]), P.ints([1]), [0x89], P.emptyDictionary, P.global("torch", type))
            + P.reduce
        let bytes = torchArchive(P.pickle(P.dictionary(P.text("w"), tensor)))
        #expect(throws: CheckpointError.unsupportedType(name: "w", type: type)) {
            try PyTorchFile(storage: Storage(copying: bytes))
        }
    }

    @Test("is not written with a name twice")
    func names() throws {
        let folder = try TemporaryFolder()
        let a = StoredTensor(name: "a", shape: [1], floats: [1])
        #expect(throws: CheckpointError.duplicateName(name: "a")) {
            try PyTorchFile.write([a, a], to: folder.file("x"))
        }
        #expect(try folder.names.isEmpty)
    }
}
