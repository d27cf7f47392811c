import Tensors
import TestSupport
import Testing

@Suite("Memory")
struct MemoryTests {
    @Test("A step that repeats takes nothing new from the system", arguments: [true, false])
    func repeatedStep(recording: Bool) throws {
        let workspace = Workspace(threadCount: 1)
        var numbers = TestParameters(seed: 1)
        let table = try numbers.embedding("table", 20, 16)
        let matrix = try numbers.matrix("matrix", 20, 16)
        let gradients = Gradients(numbers.store.parameters, in: workspace.buffers)
        func step() {
            let tape = Tape(on: workspace, gradients: recording ? gradients : nil)
            _ = tape.crossEntropy(tape.linear(tape.squaredReLU(tape.embedding([1, 2, 3], table)), matrix), [3, 4, 5])
            tape.backward()
        }
        step()
        let after = workspace.buffers.allocatedByteCount
        for _ in 0..<50 { step() }
        #expect(workspace.buffers.allocatedByteCount == after)
    }

    @Test("A recorded step that is never run backwards gives its memory back too")
    func abandonedStep() throws {
        let workspace = Workspace(threadCount: 1)
        var numbers = TestParameters(seed: 1)
        let table = try numbers.embedding("table", 20, 16)
        let gradients = Gradients(numbers.store.parameters, in: workspace.buffers)
        func step() {
            _ = Tape(on: workspace, gradients: gradients).squaredReLU(Tape(on: workspace).embedding([1], table))
        }
        step()
        let after = workspace.buffers.allocatedByteCount
        for _ in 0..<50 { step() }
        #expect(workspace.buffers.allocatedByteCount == after)
    }
}
