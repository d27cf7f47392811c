import Foundation
import Tensors
import TestSupport
import Testing

/// The numbers and blocks that gguf-py makes of each other; `make_blocks.py` beside them tells how.
private let golden: [String: (shape: [Int], bytes: [UInt8])] = {
    struct Entry: Decodable {
        let shape: [Int]
        let data_offsets: [Int]
    }
    let path = packageFolder + "/Tests/Fixtures/quantization/blocks.safetensors"
    guard let file = FileManager.default.contents(atPath: path) else { return [:] }
    let length = file.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    let header = try? JSONDecoder().decode([String: Entry].self, from: file[8..<8 + length])
    return (header ?? [:]).mapValues { entry in
        (entry.shape, Array(file[(8 + length + entry.data_offsets[0])..<(8 + length + entry.data_offsets[1])]))
    }
}()

private func floats(_ name: String) throws -> [Float] {
    let bytes = try #require(golden[name]).bytes
    return stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
    }
}

private let encoded: [DataType] = [.q4_0, .q4_1, .q5_0, .q5_1, .q8_0]
private let decoded: [DataType] = encoded + [.q4_K, .q5_K, .q6_K]

@Suite("Block-quantised numbers")
struct BlockCodecTests {
    @Test("are what gguf-py takes them for, bit for bit", arguments: decoded)
    func decoding(type: DataType) throws {
        let blocks = try #require(golden["\(type.rawValue).blocks"])
        let expected = try floats("\(type.rawValue).values")
        let count = blocks.bytes.count / type.blockByteCount
        #expect(count > 10)
        // One byte into the storage: files align nothing.
        let tensor = StoredTensor(
            name: "w", shape: [count, type.blockLength], type: type, storage: Storage(copying: [0] + blocks.bytes),
            offset: 1)
        #expect(tensor.byteCount == blocks.bytes.count)
        #expect(tensor.floats()?.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test("are made of numbers as gguf-py makes them, bit for bit", arguments: encoded)
    func encoding(type: DataType) throws {
        let values = try floats("values")
        let tensor = StoredTensor(name: "w", shape: [values.count / 32, 32], floats: values).converted(to: type)
        #expect(tensor.type == type && tensor.shape == [values.count / 32, 32])
        let expected = try #require(golden["\(type.rawValue).blocks"]).bytes
        let found = tensor.withBytes { Array($0) }
        for block in 0..<values.count / 32 {
            let range = block * type.blockByteCount..<(block + 1) * type.blockByteCount
            #expect(Array(found[range]) == Array(expected[range]), "block \(block)")
        }
    }

    @Test("come from any numbers, even those that are none", arguments: encoded)
    func oddNumbers(type: DataType) {
        let odd: [Float] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0]
        for number in odd {
            let mixed = (0..<32).map { $0 % 3 == 0 ? number : Float($0) }
            let values = [Float](repeating: number, count: 32) + mixed
            let tensor = StoredTensor(name: "w", shape: [64], floats: values).converted(to: type)
            #expect(tensor.floats()?.count == 64)
        }
    }

    @Test("are changed to another type through their values", arguments: encoded)
    func conversion(type: DataType) throws {
        let values = try floats("values")
        let tensor = StoredTensor(name: "w", shape: [values.count], floats: values).converted(to: type)
        let plain = tensor.converted(to: .f32)
        #expect(plain.type == .f32 && plain.floats() == tensor.floats())
        #expect(tensor.converted(to: type).location.storage === tensor.location.storage)
    }

    @Test("know the size of a number of elements", arguments: DataType.allCases)
    func sizes(type: DataType) {
        #expect(type.byteCount(of: 0) == 0)
        #expect(type.byteCount(of: 3 * type.blockLength) == 3 * type.blockByteCount)
        let overflows = type.byteCount(of: Int.max / type.blockLength * type.blockLength) == nil
        #expect(overflows == (type.blockByteCount > type.blockLength))
        if type.isQuantized { #expect(type.byteCount(of: type.blockLength + 1) == nil) }
        #expect(type.holdsWeights == (type.isQuantized || type.isFloatingPoint))
    }

    @Test("stay what they are in a model, and become single-precision weights for training")
    func loading() throws {
        let values = (0..<64).map { Float($0) / 8 }
        let tensor = StoredTensor(name: "m", shape: [2, 32], floats: values).converted(to: .q8_0)
        let packed = try ParameterScope(ParameterStore(loading: Source(tensors: [tensor])))
            .matrix("m", 2, 32, initially: .uniform(1))
        #expect(packed.value.type == .q8_0)
        let scope = ParameterScope(ParameterStore(loading: Source(tensors: [tensor]), training: .full))
        let parameter = try scope.matrix("m", 2, 32, initially: .uniform(1))
        #expect(parameter.value.type == .f32)
        #expect(parameter.value.floats() == tensor.floats())
    }
}

private struct Source: TensorSource {
    let tensors: [StoredTensor]
    let metadata: [String: String] = [:]
}

@Suite("Scaling by a power of two")
struct PowerOfTwoScalingTests {
    @Test(
        "keeps the type and is exact", arguments: [DataType.f32, .bf16, .f16] + encoded)
    func exact(type: DataType) throws {
        // Within the normal numbers of all types, before and after.
        let values = (0..<64).map { Float($0 - 20) / 16 }
        let tensor = StoredTensor(name: "w", shape: [2, 32], floats: values).converted(to: type)
        let scaled = tensor.timesPowerOfTwo(3)
        #expect(scaled.type == type)
        #expect(scaled.floats() == tensor.floats()?.map { $0 * 8 })
    }

    @Test("scales blocks of 256 as well", arguments: [DataType.q4_K, .q5_K, .q6_K])
    func superBlocks(type: DataType) throws {
        let blocks = try #require(golden["\(type.rawValue).blocks"]).bytes
        let count = blocks.count / type.blockByteCount
        let tensor = StoredTensor(name: "w", shape: [count, 256], type: type, storage: Storage(copying: blocks))
        let scaled = tensor.timesPowerOfTwo(2)
        #expect(scaled.type == type)
        #expect(scaled.floats() == tensor.floats()?.map { $0 * 4 })
    }

    @Test("goes over to single precision where half precision ends")
    func overflow() {
        let tensor = StoredTensor(name: "w", shape: [2], floats: [1, 40_000]).converted(to: .f16)
        let scaled = tensor.timesPowerOfTwo(1)
        #expect(scaled.type == .f32)
        #expect(scaled.floats() == [2, 80_000])
    }
}
