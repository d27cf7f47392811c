/// Plots, figures and texts on one page of HTML that needs nothing else: no file beside it, and no network.
///
/// The page follows the viewer's preference for light or dark; a script in it shows the numbers under the pointer. A
/// content security policy keeps it from loading anything, whatever its texts hold.
public struct PlotPage: Sendable {
    /// A short fact in large letters.
    public struct Figure: Sendable {
        public var name: String
        public var value: String
        public var note: String

        public init(_ name: String, _ value: String, note: String = "") {
            self.name = name
            self.value = value
            self.note = note
        }
    }

    /// A text with what it is.
    public struct Text: Sendable {
        public var label: String
        public var text: String

        public init(_ label: String, _ text: String) {
            self.label = label
            self.text = text
        }
    }

    /// A section of the page.
    public struct Section: Sendable {
        /// Nothing stands above a section without a title.
        public var title: String
        public var parts: [Part]

        public init(_ title: String = "", _ paragraphs: [String] = []) {
            self.title = title
            parts = paragraphs.map(Part.paragraph)
        }
    }

    /// A table whose first column is text and whose others are numbers.
    public struct Table: Sendable {
        public var header: [String]
        public var rows: [[String]]
        /// A bar behind each row, as a part of the longest, from 0 to 1; may be shorter than the rows.
        public var bars: [Double] = []
        /// The rows that stand out.
        public var marked: Set<Int> = []

        public init(_ header: [String], _ rows: [[String]]) {
            self.header = header
            self.rows = rows
        }
    }

    public var title: String
    public var subtitle = ""
    public var figures: [Figure] = []
    public var sections: [Section] = []
    public var textsTitle = ""
    public var texts: [Text] = []
    /// What is folded away at the end, as it is.
    public var details: [Text] = []

    public init(_ title: String) { self.title = title }

    /// The page, in UTF-8.
    public func html() -> String {
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'"/>
            <title>\(SVG.escaped(title))</title>
            <style>
            \(PlotPageStyle.rules)\(PagePartStyle.rules)\(PlotStyle.rules(.automatic))\
            \(PlotStyle.rampRules(.automatic))\(HeatColors.rules(.automatic))</style>
            </head>
            <body>
            <main>
            <header><h1>\(SVG.escaped(title))</h1><p>\(SVG.escaped(subtitle))</p></header>

            """
        if !figures.isEmpty {
            text += "<dl class=\"figures\">\n"
            for figure in figures {
                let note = figure.note.isEmpty ? "" : "<dd class=\"note\">\(SVG.escaped(figure.note))</dd>"
                text +=
                    "<div><dt>\(SVG.escaped(figure.name))</dt><dd>\(SVG.escaped(figure.value))</dd>\(note)</div>\n"
            }
            text += "</dl>\n"
        }
        text += sections.map(html).joined()
        if !texts.isEmpty {
            text += "<section>\n<h2>\(SVG.escaped(textsTitle))</h2>\n"
            for entry in texts {
                text += "<article><h3>\(SVG.escaped(entry.label))</h3>\(preformatted(entry.text))</article>\n"
            }
            text += "</section>\n"
        }
        for entry in details {
            text +=
                "<details><summary>\(SVG.escaped(entry.label))</summary>\(preformatted(entry.text))</details>\n"
        }
        return text + "</main>\n<script>\n\(PlotPageScript.text)\(PagePartScript.text)</script>\n</body>\n</html>\n"
    }

    private func html(_ section: Section) -> String {
        let title = section.title.isEmpty ? "" : "<h2>\(SVG.escaped(section.title))</h2>\n"
        return "<section>\n" + title + section.parts.map(html).joined() + "</section>\n"
    }

    func html(_ table: Table) -> String {
        func row(_ cells: [String], _ tag: String, _ index: Int? = nil) -> String {
            let kind = index.map { table.marked.contains($0) } == true ? " class=\"marked\"" : ""
            let bar = index.flatMap { table.bars.indices.contains($0) ? table.bars[$0] : nil }.map { part in
                let width = NumberText.coordinate(100 * min(max(part, 0), 1))
                return "<td class=\"bar\"><div style=\"width: \(width)%\"></div></td>"
            }
            return "<tr\(kind)>" + cells.map { "<\(tag)>\(SVG.escaped($0))</\(tag)>" }.joined() + (bar ?? "")
                + "</tr>\n"
        }
        return """
            <div class="wide"><table>
            <thead>\(row(table.header, "th"))</thead>
            <tbody>\(table.rows.enumerated().map { row($1, "td", $0) }.joined())</tbody>
            </table></div>

            """
    }

    func figure(_ plot: LinePlot, note: String) -> String {
        let drawing = LinePlotDrawing(plot, appearance: nil)
        let caption = note.isEmpty ? "" : "<figcaption>\(SVG.escaped(note))</figcaption>"
        return """
            <figure tabindex="0" data-plot="\(SVG.escaped(drawing.hoverData))">
            \(drawing.text)<div class="hover" hidden="hidden"></div>\(caption)
            </figure>

            """
    }

    /// Text as it is, line ends included.
    func preformatted(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { SVG.escaped(String($0)) }
        return "<pre>\(lines.joined(separator: "\n"))</pre>"
    }

    /// A text as a JSON string.
    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
