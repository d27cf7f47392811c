import CKernels
import KernelTwins
import Testing

private let levels = (0..<CK_LEVELS.rawValue).map { ck_level($0) }.filter { ck_kernels_at($0) != nil }

@Suite("Every kernel of every level of this machine is its scalar twin")
struct KernelTwinTests {
    @Test("at odd sizes, without touching what lies behind its arrays", arguments: levels, 0..<Int(twin_count()))
    func twin(level: ck_level, index: Int) throws {
        let scalar = try #require(ck_kernels_at(CK_SCALAR))
        let vector = try #require(ck_kernels_at(level))
        let twin = try #require(twin_at(Int32(index)))
        for size in 0..<twin_sizes {
            let difference = twin_difference(Int32(index), vector, scalar, size)
            let name = String(cString: twin.pointee.name)
            #expect(
                difference <= twin.pointee.tolerance, "\(String(cString: vector.pointee.name)) \(name), size \(size)")
        }
    }

    @Test("with the same bits however the work is split", arguments: levels)
    func splits(level: ck_level) throws {
        let kernels = try #require(ck_kernels_at(level))
        #expect(twin_split_differences(kernels) == 0)
    }

    @Test("and there is a twin test for each of them")
    func allAreTested() {
        // The table is a name, numbers in two words, and then one pointer per kernel. How rows are turned is a level's own
        // affair: that is tested together with the product of turned rows.
        let count = MemoryLayout<ck_kernels>.size / MemoryLayout<UnsafeRawPointer>.size - 3
        #expect(Int(twin_count()) + 1 == count)
    }
}
