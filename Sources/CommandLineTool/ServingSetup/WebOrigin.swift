/// What browsers send as the origin of a page: `https://chat.example`, `http://localhost:3000`.
enum WebOrigin {
    /// Whether a text is an origin: a scheme and a host, and perhaps a port. Pages that have none send `null`.
    static func isOne(_ text: String) -> Bool {
        if text == "null" { return true }
        guard let mark = text.firstRange(of: "://") else { return false }
        let scheme = text[..<mark.lowerBound]
        let rest = text[mark.upperBound...]
        // A path, a question or a user's name would never be equal to what a browser sends.
        let isAddress = !rest.isEmpty && rest.allSatisfy { !$0.isWhitespace && !"/?#@*\\".contains($0) }
        return scheme.first?.isLetter == true && scheme.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
            && isAddress
    }
}
