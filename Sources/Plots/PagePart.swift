extension PlotPage {
    /// A drawing of any kind with a sentence below it.
    public struct Picture: Sendable {
        enum Kind: Sendable {
            case lines(LinePlot)
            case cells(Heatmap)
        }

        let kind: Kind
        let note: String

        public init(_ plot: LinePlot, note: String = "") {
            kind = .lines(plot)
            self.note = note
        }

        public init(_ map: Heatmap, note: String = "") {
            kind = .cells(map)
            self.note = note
        }
    }

    /// A piece of a section.
    public enum Part: Sendable {
        case paragraph(String)
        /// Lines in letters of equal width.
        case formula(String)
        /// Drawings beside each other where there is room.
        case pictures([Picture])
        case table(Table)
        case choice(Choice)
    }

    /// Some parts of which one is shown at a time; without scripts all are.
    public struct Choice: Sendable {
        public struct Option: Sendable {
            public var name: String
            public var parts: [Part]

            public init(_ name: String, _ parts: [Part]) {
                self.name = name
                self.parts = parts
            }
        }

        /// What is chosen. Choices of the page with the same label and as many options change together.
        public var label: String
        public var options: [Option]
        /// The option that is shown at first.
        public var selected: Int

        public init(_ label: String, _ options: [Option], selected: Int = 0) {
            self.label = label
            self.options = options
            self.selected = selected
        }
    }
}

extension PlotPage.Section {
    /// The line plots among the pictures, in their order.
    public var plots: [LinePlot] {
        parts.flatMap { part -> [LinePlot] in
            guard case .pictures(let pictures) = part else { return [] }
            return pictures.compactMap { if case .lines(let plot) = $0.kind { plot } else { nil } }
        }
    }
}

extension PlotPage {
    func html(_ part: Part) -> String {
        switch part {
        case .paragraph(let text): return "<p>\(SVG.escaped(text))</p>\n"
        case .formula(let text): return "<div class=\"formula\">\(preformatted(text))</div>\n"
        case .pictures(let pictures):
            return "<div class=\"plots\">\n" + pictures.map(html).joined() + "</div>\n"
        case .table(let table): return html(table)
        case .choice(let choice): return html(choice)
        }
    }

    private func html(_ picture: Picture) -> String {
        switch picture.kind {
        case .lines(let plot): return figure(plot, note: picture.note)
        case .cells(let map):
            let drawing = HeatmapDrawing(map, appearance: nil)
            let caption = picture.note.isEmpty ? "" : "<figcaption>\(SVG.escaped(picture.note))</figcaption>"
            return """
                <figure class="cells" style="max-width: \(Int(drawing.width) + 14)px" tabindex="0" data-cells="\(SVG.escaped(drawing.hoverData))">
                <div class="sideways"><div style="min-width: \(Int(drawing.leastWidth))px">
                \(drawing.text)</div></div><div class="hover" hidden="hidden"></div>\(caption)
                </figure>

                """
        }
    }

    private func html(_ choice: Choice) -> String {
        if choice.options.count == 1 { return choice.options[0].parts.map(html).joined() }
        let items = choice.options.enumerated().map { index, option in
            let selected = index == choice.selected ? " selected=\"selected\"" : ""
            return "<option value=\"\(index)\"\(selected)>\(SVG.escaped(option.name))</option>"
        }
        let bodies = choice.options.map { option in
            """
            <div class="option"><h3>\(SVG.escaped(option.name))</h3>
            \(option.parts.map(html).joined())</div>

            """
        }
        return """
            <div class="choice" data-label="\(SVG.escaped(choice.label))">
            <label hidden="hidden">\(SVG.escaped(choice.label)) <select>\(items.joined())</select></label>
            \(bodies.joined())</div>

            """
    }
}
