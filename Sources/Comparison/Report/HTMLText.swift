/// Pieces of an HTML page, as text.
enum HTMLText {
    /// The text with what HTML reserves written as entities.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    static func paragraph(_ text: String) -> String { "<p>\(escaped(text))</p>\n" }

    static func heading(_ text: String) -> String { "<h2>\(escaped(text))</h2>\n" }

    /// A table whose first column is text and whose others are numbers; nothing without rows.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        if rows.isEmpty { return "" }
        func cells(_ row: [String], _ tag: String) -> String {
            row.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined()
        }
        let body = rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined()
        return
            "<div class=\"wide\"><table><thead><tr>\(cells(header, "th"))</tr></thead>\n<tbody>\(body)</tbody></table></div>\n"
    }

    /// A whole page.
    static func page(title: String, _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title))</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 920px; margin: 2rem auto; padding: 0 1rem;
               color: #1d2126; background: #ffffff; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
        p { max-width: 46rem; } svg { width: 100%; height: auto; margin: 0.5rem 0; }
        table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: 0.25rem 0.75rem; text-align: right; border-bottom: 1px solid #e8eaed; white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; }
        .wide { overflow-x: auto; }
        @media (prefers-color-scheme: dark) {
          body { color: #e7eaee; background: #15181c; } th, td { border-color: #282d33; }
        }
        </style></head><body>
        <h1>\(escaped(title))</h1>
        \(body)</body></html>

        """
    }
}
