import Foundation
import GRDB
import Generation
import LanguageModels
import StateStore
import Tensors
import TestSupport
import Testing
import Tokenizers

/// A store in a folder of its own, removed at the end.
private func withStore<Result>(
    _ limit: Int = 1 << 24, _ body: (StateStore, _ path: String) throws -> Result
) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("store.sqlite").path
    return try body(StateStore(path: path, stateByteLimit: limit), path)
}

@Suite("A store of conversations")
struct StateStoreTests {
    @Test("keeps a tree: going on, forking, rewinding, removing a branch")
    func tree() throws {
        try withStore { store, _ in
            let made = try store.create(owner: "Ann", model: "m", title: "t", system: "Be brief.")
            let system = try #require(made.current)
            let one = try store.append(ChatMessage(.user, "one"), after: system, in: made.id, owner: "Ann")
            let answer = try store.append(ChatMessage(.assistant, "1"), after: one.id, in: made.id, owner: "Ann")
            let other = try store.append(ChatMessage(.assistant, "I"), after: one.id, in: made.id, owner: "Ann")
            let two = try store.append(ChatMessage(.user, "two"), after: other.id, in: made.id, owner: "Ann")
            #expect(try store.conversation(made.id, owner: "Ann").current == two.id)
            #expect(
                try store.path(to: two.id, in: made.id, owner: "Ann").map(\.content) == [
                    "Be brief.", "one", "I", "two",
                ])
            #expect(try store.update(made.id, owner: "Ann", current: .some(answer.id)).current == answer.id)
            let renamed = try store.update(made.id, owner: "Ann", title: "new", current: .some(two.id))
            #expect(renamed.title == "new")
            try store.deleteMessage(other.id, in: made.id, owner: "Ann")
            #expect(try store.messages(of: made.id, owner: "Ann").map(\.content) == ["Be brief.", "one", "1"])
            // It stood in the branch that is gone.
            #expect(try store.conversation(made.id, owner: "Ann").current == one.id)
            try store.delete(made.id, owner: "Ann")
            #expect(try store.conversations(owner: "Ann").isEmpty)
        }
    }

    @Test("shows nobody what is another's")
    func owners() throws {
        try withStore { store, _ in
            let made = try store.create(owner: "Ann", model: "m", title: "t")
            let message = try store.append(ChatMessage(.user, "a"), after: nil, in: made.id, owner: "Ann")
            let missing = StateStoreError.noSuchConversation(id: made.id)
            #expect(try store.conversations(owner: "Ben").isEmpty)
            #expect(throws: missing) { try store.conversation(made.id, owner: "Ben") }
            #expect(throws: missing) { try store.messages(of: made.id, owner: "Ben") }
            #expect(throws: missing) { try store.path(to: message.id, in: made.id, owner: "Ben") }
            #expect(throws: missing) {
                try store.append(ChatMessage(.user, "b"), after: nil, in: made.id, owner: "Ben")
            }
            #expect(throws: missing) { try store.update(made.id, owner: "Ben", title: "x") }
            #expect(throws: missing) { try store.delete(made.id, owner: "Ben") }
            #expect(throws: missing) { try store.deleteMessage(message.id, in: made.id, owner: "Ben") }
            #expect(throws: missing) { try store.export(made.id, owner: "Ben") }
            // Nor a message through another conversation.
            let other = try store.create(owner: "Ben", model: "m", title: "t")
            #expect(throws: StateStoreError.noSuchMessage(id: message.id)) {
                try store.append(ChatMessage(.user, "b"), after: message.id, in: other.id, owner: "Ben")
            }
            #expect(throws: StateStoreError.noSuchMessage(id: message.id)) {
                try store.path(to: message.id, in: other.id, owner: "Ben")
            }
        }
    }

    @Test("is there when it is opened again, and refuses what is no store")
    func reopened() throws {
        try withStore { store, path in
            let made = try store.create(owner: "", model: "m", title: "t")
            _ = try store.append(ChatMessage(.user, "你好"), after: nil, in: made.id, owner: "")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let again = try StateStore(path: path, stateByteLimit: 1000)
            #expect(try again.messages(of: made.id, owner: "").map(\.content) == ["你好"])
            let broken = path + ".broken"
            try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: broken))
            #expect(throws: StateStoreError.self) { try StateStore(path: broken, stateByteLimit: 1000) }
            #expect(throws: StateStoreError.self) { try StateStore(path: path + "/at/all", stateByteLimit: 1000) }
        }
    }

    @Test("waits for who still has the file, as a server that is just ending")
    func held() throws {
        try withStore { _, path in
            let other = path + "-held"
            _ = try StateStore(path: other, stateByteLimit: 1 << 20)
            let holder = try DatabaseQueue(path: other)
            let isHeld = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                try? holder.writeWithoutTransaction { database in
                    try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE held (id)")
                    isHeld.signal()
                    Thread.sleep(forTimeInterval: 0.2)
                }
                try? holder.close()
            }
            isHeld.wait()
            _ = try StateStore(path: other, stateByteLimit: 1 << 20)
        }
    }

    @Test("finds the state after the longest beginning, bit for bit")
    func states() throws {
        let model = try randomByteModel()
        try withStore { store, _ in
            let tape = Tape(on: Workspace(threadCount: 1))
            let tokens = (0..<50).map { Int32($0 + 1) }
            var state = model.initialState()
            for count in [20, 40] {
                let logits = try model(Array(tokens[(count - 20)..<count]), state: &state, on: tape)
                try store.insert(
                    StateSnapshot(tokens: Array(tokens[..<count]), state: state, logits: Array(logits.values)), in: "a")
            }
            let found = try #require(try store.longestPrefix(of: tokens, in: "a", longerThan: 0, for: model))
            #expect(found.tokens == Array(tokens[..<40]))
            #expect(found.state.tensors().map { $0.floats() } == state.tensors().map { $0.floats() })
            #expect(found.logits?.count == 256)
            #expect(
                try store.longestPrefix(of: Array(tokens[..<39]), in: "a", longerThan: 0, for: model)?.tokens.count
                    == 20)
            #expect(try store.longestPrefix(of: tokens, in: "a", longerThan: 40, for: model) == nil)
            #expect(try store.longestPrefix(of: tokens, in: "b", longerThan: 0, for: model) == nil)
            #expect(try store.longestPrefix(of: [9] + tokens, in: "a", longerThan: 0, for: model) == nil)
            // A state of other sizes is never given out.
            #expect(try store.longestPrefix(of: tokens, in: "a", longerThan: 0, for: randomByteModel(layers: 1)) == nil)
        }
    }

    @Test("keeps states up to its limit, those used last")
    func stateLimit() throws {
        let model = try randomByteModel()
        let size = try withStore { store, _ in
            try store.insert(StateSnapshot(tokens: [1], state: model.initialState()), in: "a")
            return try store.stateCounts().bytes
        }
        try withStore(3 * size + size / 2) { store, _ in
            for token: Int32 in 1...3 {
                try store.insert(StateSnapshot(tokens: [token], state: model.initialState()), in: "a")
            }
            _ = try store.longestPrefix(of: [1, 5], in: "a", longerThan: 0, for: model)
            try store.insert(StateSnapshot(tokens: [4], state: model.initialState()), in: "a")
            #expect(try store.stateCounts().count == 3)
            #expect(try store.longestPrefix(of: [2, 5], in: "a", longerThan: 0, for: model) == nil)
            #expect(try store.longestPrefix(of: [1, 5], in: "a", longerThan: 0, for: model) != nil)
        }
    }

    @Test("exports a conversation, and imports it for somebody else")
    func exchange() throws {
        let model = try randomByteModel()
        try withStore { store, _ in
            let made = try store.create(owner: "Ann", model: "m", title: "t")
            let one = try store.append(ChatMessage(.user, "one"), after: nil, in: made.id, owner: "Ann")
            for answer in ["1", "I"] {
                _ = try store.append(ChatMessage(.assistant, answer), after: one.id, in: made.id, owner: "Ann")
            }
            let snapshot = StateSnapshot(tokens: [1, 2], state: model.initialState())
            let data = try store.export(made.id, owner: "Ann", snapshot: snapshot)
            let taken = try store.importConversation(data, owner: "Ben")
            #expect(taken.id != made.id)
            #expect(try store.path(to: taken.current, in: taken.id, owner: "Ben").map(\.content) == ["one", "I"])
            #expect(try store.messages(of: taken.id, owner: "Ben").count == 3)
            #expect(try store.importConversation(store.export(made.id, owner: "Ann"), owner: "Ben").title == "t")
            for broken in [Data(), Data(repeating: 0, count: 100), data.dropLast(3), data.prefix(40)] {
                #expect(throws: StateStoreError.self) { try store.importConversation(Data(broken), owner: "Ben") }
            }
        }
    }
}
