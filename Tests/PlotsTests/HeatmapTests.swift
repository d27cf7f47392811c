import Foundation
import Plots
import Testing

@Suite("Heatmaps, and choices on pages")
struct HeatmapTests {
    private func map(_ values: [[Double?]]) -> Heatmap {
        Heatmap(
            "Title", columns: values[0].indices.map { "c\($0)" }, rows: values.indices.map { "r\($0)" }, values: values)
    }

    /// The paths of cells by their classes.
    private func cells(_ map: Heatmap) -> [String: String] {
        let paths = Drawing(map.svg()).elements("path", class: "heat-")
        return Dictionary(uniqueKeysWithValues: paths.map { ($0.attributes["class"] ?? "", $0.attributes["d"] ?? "") })
    }

    @Test("Cells have the colour of their number, and neighbours of one colour are one shape")
    func colors() {
        let found = cells(map([[4, 4, -4], [0, nil, 1]]))
        #expect(found["heat-p14"] == "M0 0h2v1h-2z")
        #expect(found["heat-n14"] == "M2 0h1v1h-1z")
        #expect(found["heat-p0"] == "M0 1h1v1h-1z")
        // √(1/4) · 14
        #expect(found["heat-p7"] == "M2 1h1v1h-1z")
        #expect(found.count == 4)
    }

    @Test("What is beyond the limit has the strongest colour; what is not a number has none")
    func limits() {
        var some = map([[100, .nan, .infinity, 0.01]])
        some.limit = 1
        let found = cells(some)
        #expect(found == ["heat-p14": "M0 0h1v1h-1z", "heat-p1": "M3 0h1v1h-1z"])
        #expect(cells(map([[.nan]])).isEmpty)
    }

    @Test("The text is well-formed XML whatever the names hold", arguments: [Appearance.automatic, .light, .dark])
    func wellFormed(appearance: Appearance) {
        let nasty = "a < b && \"c\" ]]> \u{0}\u{1F} 日本"
        var some = map([[1, -1], [2, 3]])
        (some.title, some.columns, some.rows) = (nasty, [nasty, nasty], [nasty, nasty])
        (some.columnTitle, some.rowTitle) = (nasty, nasty)
        let drawing = Drawing(some.svg(appearance: appearance))
        #expect(drawing.problem == nil)
        let shown = nasty.filter { $0 != "\u{0}" && $0 != "\u{1F}" }
        #expect(drawing.texts.filter { $0 == shown }.count == 7)
        #expect(some.svg(appearance: appearance).contains("prefers-color-scheme: dark") == (appearance == .automatic))
    }

    @Test("Rows and notes may be shorter than the names")
    func ragged() {
        var some = Heatmap(columns: ["a", "b", "c"], rows: ["x", "y", "z"], values: [[1], [1, 2]])
        some.notes = [["n"]]
        #expect(Drawing(some.svg()).problem == nil)
        #expect(cells(some) == ["heat-p10": "M0 0h1v1h-1zM0 1h1v1h-1z", "heat-p14": "M1 1h1v1h-1z"])
        #expect(Drawing(Heatmap(columns: [], rows: [], values: []).svg()).problem == nil)
    }

    @Test("A page holds the parts of a section in order, the numbers of the cells, and all options of a choice")
    func page() throws {
        struct Cells: Decodable {
            let columns, rows: [String]
            let values: [[Double?]]
            let notes: [[String]]
        }
        var some = map([[1.23456, nil], [-2e-7, 1234.5]])
        some.notes = [["</script>"]]
        var section = PlotPage.Section("Parts")
        var table = PlotPage.Table(["a", "b"], [["x", "1"], ["y", "2"]])
        table.bars = [1, 0.25]
        table.marked = [1]
        section.parts = [
            .paragraph("First <b>"), .formula("a < b\n  c"), .table(table),
            .choice(
                PlotPage.Choice(
                    "Layer",
                    [
                        .init("one", [.pictures([PlotPage.Picture(some, note: "Note.")])]),
                        .init("two", [.paragraph("Second")]),
                    ], selected: 1)),
        ]
        var page = PlotPage("Page")
        page.sections = [section]
        let html = page.html()
        let start = try #require(html.range(of: "<script>"))
        let end = try #require(html.range(of: "</script>", options: .backwards))
        let drawing = Drawing(String(html[..<start.lowerBound]) + String(html[end.upperBound...]))
        #expect(drawing.problem == nil)
        #expect(html.components(separatedBy: "</script>").count == 2)
        #expect(drawing.elements("p").map(\.text).filter { !$0.isEmpty } == ["First <b>", "Second"])
        #expect(drawing.elements("pre").map(\.text) == ["a < b\n  c"])
        #expect(drawing.elements("option").map(\.text) == ["one", "two"])
        #expect(drawing.elements("option").map { $0.attributes["selected"] } == [nil, "selected"])
        #expect(drawing.elements("tr", class: "marked").count == 1)
        #expect(
            drawing.elements("div").compactMap { $0.attributes["style"] }.filter { $0.hasPrefix("width") } == [
                "width: 100%", "width: 25%",
            ])
        let figure = try #require(drawing.elements("figure").first)
        let cells = try JSONDecoder().decode(Cells.self, from: Data(figure.attributes["data-cells", default: ""].utf8))
        #expect(cells.values == [[1.23, nil], [-2e-7, 1235]])
        #expect(cells.rows == ["r0", "r1"] && cells.columns == ["c0", "c1"])
        #expect(cells.notes == [["</script>"]])
    }
}
