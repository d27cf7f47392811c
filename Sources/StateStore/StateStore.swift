internal import Checkpoints
internal import Crypto
internal import Foundation
internal import GRDB
public import Generation
public import LanguageModels
internal import Tensors
public import Tokenizers

/// Conversations and states in one SQLite file.
///
/// What was said is kept for ever and is on disk before a call returns: it survives `kill -9`. States are a cache beside it,
/// found by the hash of what they depend on (weights, first state, tokens), up to a number of bytes; the least recently used
/// go first, and what is gone is read again from the messages.
///
/// Conversations belong to owners, and nobody sees another owner's. Safe to use from several threads; one process at a time.
public final class StateStore: Sendable {
    /// The most bytes that states may take in the file.
    public let stateByteLimit: Int
    private let pool: DatabasePool

    /// Opens the file at `path`, or makes it.
    /// - Throws: ``StateStoreError/cannotOpen(path:reason:)``.
    public init(path: String, stateByteLimit: Int) throws(StateStoreError) {
        self.stateByteLimit = stateByteLimit
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        // Whoever had the file open before, a server that has just ended, holds it for the moment of closing it.
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            // A transaction is on disk, not only with the system, when it returns.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        // What people say is theirs: nobody else reads the file. SQLite gives the files beside it the same permissions.
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(pool)
            // The first connection that reads is made now, and not when somebody waits for an answer.
            _ = try pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM conversation") }
        } catch {
            throw .cannotOpen(path: path, reason: "\(error)")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.create(table: "conversation") { table in
                table.primaryKey("id", .text)
                table.column("owner", .text).notNull().indexed()
                table.column("model", .text).notNull()
                table.column("title", .text).notNull()
                table.column("created", .double).notNull()
                table.column("updated", .double).notNull()
                table.column("current", .integer)
            }
            try database.create(table: "message") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("conversation", .text).notNull().indexed()
                    .references("conversation", onDelete: .cascade)
                table.column("parent", .integer).indexed().references("message", onDelete: .cascade)
                table.column("role", .text).notNull()
                table.column("content", .text).notNull()
                table.column("created", .double).notNull()
            }
            try database.create(table: "state") { table in
                table.primaryKey("key", .blob)
                table.column("space", .blob).notNull()
                table.column("count", .integer).notNull()
                table.column("bytes", .integer).notNull()
                table.column("used", .double).notNull().indexed()
                table.column("content", .blob).notNull()
            }
            try database.create(index: "state_space", on: "state", columns: ["space", "count"])
        }
        return migrator
    }

    // MARK: Conversations

    /// A conversation of an owner.
    public struct ConversationRecord: Sendable, Equatable, Codable {
        public let id: String
        /// The name of the model that it is with.
        public var model: String
        public var title: String
        /// Seconds since 1970.
        public let created: Double
        public var updated: Double
        /// The message at which it stands; `nil` before the first.
        public var current: Int64?
    }

    /// A message in its place in a conversation's tree.
    public struct MessageRecord: Sendable, Equatable, Codable {
        public let id: Int64
        /// The message before; `nil` for a first one.
        public let parent: Int64?
        public let role: String
        public let content: String
        /// Seconds since 1970.
        public let created: Double

        /// The message as a conversation has it.
        public var message: ChatMessage { ChatMessage(ChatMessage.Role(rawValue: role) ?? .user, content) }
    }

    /// Begins a conversation.
    /// - Throws: `StateStoreError.failed`, as all that follow.
    public func create(owner: String, model: String, title: String, system: String? = nil) throws -> ConversationRecord
    {
        let now = Date().timeIntervalSince1970
        var record = ConversationRecord(
            id: "conv-" + UUID().uuidString.lowercased().replacing("-", with: ""), model: model, title: title,
            created: now, updated: now, current: nil)
        try write { database in
            try database.execute(
                sql: "INSERT INTO conversation (id, owner, model, title, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [record.id, owner, model, title, now, now])
            if let system {
                record.current = try Self.insert(ChatMessage(.system, system), after: nil, in: record.id, database)
            }
        }
        return record
    }

    /// An owner's conversations, the latest first.
    public func conversations(owner: String, limit: Int = 1000) throws -> [ConversationRecord] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM conversation WHERE owner = ? ORDER BY updated DESC LIMIT ?",
                arguments: [owner, limit]
            ).map(Self.conversation)
        }
    }

    /// A conversation.
    /// - Throws: `StateStoreError.noSuchConversation` if it is not there or somebody else's.
    public func conversation(_ id: String, owner: String) throws -> ConversationRecord {
        try read { try Self.find(id, owner, $0) }
    }

    /// All messages of a conversation, in the order in which they were said.
    public func messages(of id: String, owner: String) throws -> [MessageRecord] {
        try read { database in
            _ = try Self.find(id, owner, database)
            return try Row.fetchAll(
                database, sql: "SELECT * FROM message WHERE conversation = ? ORDER BY id", arguments: [id]
            ).map(Self.message)
        }
    }

    /// The messages up to one, the first one first.
    /// - Throws: `StateStoreError.noSuchMessage`.
    public func path(to message: Int64?, in id: String, owner: String) throws -> [MessageRecord] {
        try read { database in
            _ = try Self.find(id, owner, database)
            guard let message else { return [] }
            let rows = try Row.fetchAll(
                database,
                sql: """
                    WITH RECURSIVE up(id, depth) AS (
                        SELECT id, 0 FROM message WHERE id = ? AND conversation = ?
                        UNION ALL
                        SELECT message.parent, depth + 1 FROM message JOIN up ON message.id = up.id
                        WHERE message.parent IS NOT NULL
                    )
                    SELECT message.* FROM message JOIN up ON message.id = up.id ORDER BY up.depth DESC
                    """, arguments: [message, id])
            if rows.isEmpty { throw StateStoreError.noSuchMessage(id: message) }
            return rows.map(Self.message)
        }
    }

    /// Says something after a message, or first; the conversation then stands there. On disk when it returns.
    public func append(
        _ message: ChatMessage, after parent: Int64?, in id: String, owner: String
    ) throws -> MessageRecord {
        try write { database in
            _ = try Self.find(id, owner, database)
            try Self.check(parent, id, database)
            let inserted = try Self.insert(message, after: parent, in: id, database)
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM message WHERE id = ?", arguments: [inserted])
            else { throw StateStoreError.noSuchMessage(id: inserted) }
            return Self.message(row)
        }
    }

    /// Goes to a message, or before all of them; and renames the conversation if there is a title.
    public func update(
        _ id: String, owner: String, title: String? = nil, current: Int64?? = nil
    ) throws -> ConversationRecord {
        try write { database in
            _ = try Self.find(id, owner, database)
            if let title {
                try database.execute(sql: "UPDATE conversation SET title = ? WHERE id = ?", arguments: [title, id])
            }
            if let current {
                try Self.check(current, id, database)
                try database.execute(sql: "UPDATE conversation SET current = ? WHERE id = ?", arguments: [current, id])
            }
            return try Self.find(id, owner, database)
        }
    }

    /// Removes a conversation with all its messages.
    public func delete(_ id: String, owner: String) throws {
        try write { database in
            _ = try Self.find(id, owner, database)
            try database.execute(sql: "DELETE FROM conversation WHERE id = ?", arguments: [id])
        }
    }

    /// Removes a message and everything that was said after it.
    public func deleteMessage(_ message: Int64, in id: String, owner: String) throws {
        try write { database in
            let conversation = try Self.find(id, owner, database)
            try Self.check(message, id, database)
            let parent = try Int64.fetchOne(
                database, sql: "SELECT parent FROM message WHERE id = ?", arguments: [message])
            try database.execute(sql: "DELETE FROM message WHERE id = ?", arguments: [message])
            // If the conversation stood there, it goes to where that branch began.
            if let current = conversation.current,
                try Int64.fetchOne(database, sql: "SELECT id FROM message WHERE id = ?", arguments: [current]) == nil
            {
                try database.execute(sql: "UPDATE conversation SET current = ? WHERE id = ?", arguments: [parent, id])
            }
        }
    }

    private static func insert(
        _ message: ChatMessage, after parent: Int64?, in id: String, _ database: Database
    ) throws -> Int64 {
        let now = Date().timeIntervalSince1970
        try database.execute(
            sql: "INSERT INTO message (conversation, parent, role, content, created) VALUES (?, ?, ?, ?, ?)",
            arguments: [id, parent, message.role.rawValue, message.content, now])
        let inserted = database.lastInsertedRowID
        try database.execute(
            sql: "UPDATE conversation SET current = ?, updated = ? WHERE id = ?", arguments: [inserted, now, id])
        return inserted
    }

    private static func find(_ id: String, _ owner: String, _ database: Database) throws -> ConversationRecord {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM conversation WHERE id = ? AND owner = ?", arguments: [id, owner])
        guard let row else { throw StateStoreError.noSuchConversation(id: id) }
        return conversation(row)
    }

    private static func check(_ message: Int64?, _ id: String, _ database: Database) throws {
        guard let message else { return }
        let found = try Int64.fetchOne(
            database, sql: "SELECT id FROM message WHERE id = ? AND conversation = ?", arguments: [message, id])
        if found == nil { throw StateStoreError.noSuchMessage(id: message) }
    }

    private static func conversation(_ row: Row) -> ConversationRecord {
        ConversationRecord(
            id: row["id"], model: row["model"], title: row["title"], created: row["created"], updated: row["updated"],
            current: row["current"])
    }

    private static func message(_ row: Row) -> MessageRecord {
        MessageRecord(
            id: row["id"], parent: row["parent"], role: row["role"], content: row["content"], created: row["created"])
    }

    // MARK: States

    /// Keeps a state; as a cache, so it may be gone later.
    /// - Parameter space: What it depends on beside the tokens; see `PrefixStore`.
    public func insert(_ snapshot: StateSnapshot, in space: String) throws {
        let content = try StateBlob.data(of: snapshot)
        guard content.count <= stateByteLimit else { return }
        let hashed = StateKey.space(space)
        let key = StateKey.key(hashed, snapshot.tokens)
        try write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO state (key, space, count, bytes, used, content) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key, hashed, snapshot.tokens.count, content.count, Date().timeIntervalSince1970, content,
                ])
            var total = try Int.fetchOne(database, sql: "SELECT SUM(bytes) FROM state") ?? 0
            while total > self.stateByteLimit {
                guard
                    let oldest = try Row.fetchOne(
                        database, sql: "SELECT key, bytes FROM state ORDER BY used, rowid LIMIT 1")
                else { break }
                let oldestKey: Data = oldest["key"]
                try database.execute(sql: "DELETE FROM state WHERE key = ?", arguments: [oldestKey])
                total -= oldest["bytes"]
            }
        }
    }

    /// The state after the longest beginning of `tokens`, if it is longer than `least`.
    /// - Parameter model: Whose state it is; one that does not fit is not given out.
    public func longestPrefix(
        of tokens: [TokenID], in space: String, longerThan least: Int, for model: LanguageModel
    ) throws -> StateSnapshot? {
        let hashed = StateKey.space(space)
        let found: (key: Data, content: Data)? = try read { database in
            let counts = try Int.fetchAll(
                database, sql: "SELECT DISTINCT count FROM state WHERE space = ? AND count > ? AND count <= ?",
                arguments: [hashed, least, tokens.count])
            for key in StateKey.keys(hashed, tokens, counts: counts).reversed() {
                let content = try Data.fetchOne(
                    database, sql: "SELECT content FROM state WHERE key = ?", arguments: [key])
                if let content { return (key, content) }
            }
            return nil
        }
        guard let found, let snapshot = try? StateBlob.snapshot(found.content, for: model) else { return nil }
        // The hash says so already; equality is what is promised.
        guard tokens.starts(with: snapshot.tokens), snapshot.tokens.count < tokens.count || snapshot.logits != nil
        else {
            return nil
        }
        noteUse(of: found.key)
        return snapshot
    }

    /// Notes that a state was needed now. Nobody waits for that, nor for the disk: a note that a power cut takes is no loss.
    private func noteUse(of key: Data) {
        let now = Date().timeIntervalSince1970
        pool.asyncWriteWithoutTransaction { database in
            try? database.execute(sql: "PRAGMA synchronous = NORMAL")
            try? database.execute(sql: "UPDATE state SET used = ? WHERE key = ?", arguments: [now, key])
            try? database.execute(sql: "PRAGMA synchronous = FULL")
        }
    }

    /// How many states there are, and their bytes.
    public func stateCounts() throws -> (count: Int, bytes: Int) {
        try read { database in
            let row = try Row.fetchOne(database, sql: "SELECT COUNT(*) AS n, SUM(bytes) AS b FROM state")
            return (row?["n"] ?? 0, row?["b"] ?? 0)
        }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.read(body)
        } catch let error as DatabaseError {
            throw StateStoreError.failed(reason: "\(error)")
        }
    }

    private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.write(body)
        } catch let error as DatabaseError {
            throw StateStoreError.failed(reason: "\(error)")
        }
    }
}
