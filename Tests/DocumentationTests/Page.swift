import Foundation

/// The package's folder.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A page of the documentation: Markdown with fenced blocks of code.
struct Page {
    /// A fenced block of code.
    struct Block {
        /// What stands behind the opening fence: the language, and words after it.
        let info: [String]
        let code: String
        /// The last link to a file of sources before it, as a path from the package's folder.
        let source: String?
    }

    let path: String
    let text: String

    /// - Parameter path: From the package's folder.
    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// All pages under `Docs`.
    static func all() throws -> [Page] {
        let folder = root.appendingPathComponent("Docs").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".md") }.sorted()
            .map { try Page("Docs/" + $0) }
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        var open: (info: [String], lines: [Substring])?
        var source: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(
                        Block(info: block.info, code: block.lines.joined(separator: "\n") + "\n", source: source))
                    open = nil
                } else {
                    open = (line.dropFirst(3).split(separator: " ").map(String.init), [])
                }
            } else if open != nil {
                open?.lines.append(line)
            } else {
                for target in Self.linkTargets(in: String(line)) where target.hasPrefix("../Sources/") {
                    source = String(target.dropFirst(3))
                }
            }
        }
        return blocks
    }

    /// Where the links outside of code lead, without the web's.
    var links: [String] {
        var inCode = false
        var links: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { inCode.toggle() }
            if !inCode { links += Self.linkTargets(in: String(line)) }
        }
        return links.filter { !$0.contains("://") }
    }

    private static func linkTargets(in line: String) -> [String] {
        line.components(separatedBy: "](").dropFirst().compactMap { $0.split(separator: ")").first.map(String.init) }
    }
}

/// The lines of a text without what they are indented by, and without empty ones.
func trimmedLines(_ text: some StringProtocol) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
}
