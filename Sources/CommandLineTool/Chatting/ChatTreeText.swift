internal import RWKV

/// The tree of a conversation's messages as text: one message a line, branches indented.
enum ChatTreeText {
    /// A star marks the messages of the conversation as it stands.
    static func describe(_ tree: ConversationTree) -> String {
        if tree.nodes.isEmpty { return "there are no messages yet\n" }
        let current = Set(tree.path.map(\.id))
        var lines: [String] = []
        // Depth first, without recursion: a conversation may be long.
        var stack = tree.children(of: nil).reversed().map { (node: $0, depth: 0) }
        while let (node, depth) = stack.popLast() {
            let mark = current.contains(node.id) ? "*" : " "
            let text = node.message.content.split(whereSeparator: \.isNewline).joined(separator: " ")
            let shown = text.count > 60 ? text.prefix(59) + "…" : text[...]
            lines.append(
                "\(mark)\("\(node.id)".padded(4, right: true))  "
                    + String(repeating: "  ", count: min(depth, 20)) + "\(node.message.role.rawValue): \(shown)")
            let children = tree.children(of: node.id)
            // Only where there is a choice does the tree grow wider.
            stack += children.reversed().map { ($0, depth + (children.count > 1 ? 1 : 0)) }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
