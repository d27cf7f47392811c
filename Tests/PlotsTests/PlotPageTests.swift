import Foundation
import Plots
import Testing

@Suite("Pages of plots")
struct PlotPageTests {
    private func page() -> PlotPage {
        var page = PlotPage("A run <of> \"two\" & more")
        page.figures = [PlotPage.Figure("Loss", "1.25", note: "nats")]
        var series = Series("layer 1", [Point(x: 0, y: 1), Point(x: 50, y: 20), Point(x: 100, y: 4000)])
        series.shade = 1
        let line = Series(
            "", x: (0..<3000).map(Double.init), y: (0..<3000).map { 2 + sin(Double($0)) }, style: .faintLine)
        let named = Series("</script><script>alert(1)</script>", line.points)
        var section = PlotPage.Section("Curves & more", ["A <b>paragraph</b>."])
        let decay = LinePlot(
            "Decay", x: Axis("share"), y: Axis("tokens", scale: .logarithmic), series: [series])
        section.parts += [
            .pictures([
                PlotPage.Picture(decay, note: "A note."),
                PlotPage.Picture(LinePlot("Loss", series: [line, named])),
            ]),
            .table(PlotPage.Table(["model", "loss"], [["a < b", "1.5"], ["c", "2"]])),
        ]
        #expect(section.plots.map(\.title) == ["Decay", "Loss"])
        page.sections = [section]
        page.textsTitle = "Samples"
        page.texts = [PlotPage.Text("Step 1", "Once\nupon <img src=http://example.org/x> ]]> \u{7}a time")]
        page.details = [PlotPage.Text("Configuration", "{\n  \"a\": 1\n}")]
        return page
    }

    /// The page as an XML reader sees it, without its script.
    private func drawing(_ html: String) throws -> Drawing {
        let start = try #require(html.range(of: "<script>"))
        let end = try #require(html.range(of: "</script>", options: .backwards))
        return Drawing(String(html[..<start.lowerBound]) + String(html[end.upperBound...]))
    }

    @Test("A page is well formed, and holds its title, figures, plots, texts and details")
    func parts() throws {
        let drawing = try drawing(page().html())
        #expect(drawing.problem == nil)
        #expect(drawing.elements("h1").map(\.text) == ["A run <of> \"two\" & more"])
        #expect(drawing.elements("dd").map(\.text) == ["1.25", "nats"])
        #expect(drawing.elements("figure").count == 2)
        #expect(drawing.elements("h2").map(\.text) == ["Curves & more", "Samples"])
        #expect(drawing.elements("p").map(\.text).contains("A <b>paragraph</b>."))
        #expect(drawing.elements("th").map(\.text) == ["model", "loss"])
        #expect(drawing.elements("td").map(\.text) == ["a < b", "1.5", "c", "2"])
        #expect(drawing.elements("figcaption").map(\.text) == ["A note."])
        #expect(drawing.texts.contains("half") == false && drawing.texts.contains("tokens"))
        #expect(
            drawing.elements("pre").map(\.text) == [
                "Once\nupon <img src=http://example.org/x> ]]> a time", "{\n  \"a\": 1\n}",
            ])
        // The last colour of the ramp, and rules for it in light and dark.
        #expect(!drawing.elements("path", class: "plot-strokeRamp23").isEmpty)
        #expect(page().html().components(separatedBy: ".plot-strokeRamp23 {").count == 3)
    }

    @Test("A page loads nothing: no address, no element that could, and a policy that forbids it")
    func selfContained() throws {
        var page = page()
        page.texts = []
        let html = page.html()
        for forbidden in ["://", "src=", "href=", "@import", "url(", "<link", "<iframe", "<img"] {
            #expect(!html.replacing("\"http:\" + \"//www.w3.org", with: "").contains(forbidden), "\(forbidden)")
        }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("Texts and names cannot end the script or become elements")
    func hostile() throws {
        let html = page().html()
        #expect(html.components(separatedBy: "<script>").count == 2)
        #expect(html.components(separatedBy: "</script>").count == 2)
        #expect(try drawing(html).elements("img").isEmpty)
    }

    @Test("The numbers for the pointer are the named series', few enough, with both ends")
    func hover() throws {
        struct Data: Decodable {
            struct Axis: Decodable {
                let low, high: Double
                let log: Bool
            }
            struct Line: Decodable {
                let name, color: String
                let dots: Bool
                let points: [Double]
            }
            let left, right, top, bottom: Double
            let x, y: Axis
            let series: [Line]
        }
        let figures = try drawing(page().html()).elements("figure")
        let data = try figures.map {
            try JSONDecoder().decode(Data.self, from: Foundation.Data($0.attributes["data-plot", default: ""].utf8))
        }
        #expect(data[0].series[0].points == [0, 1, 50, 20, 100, 4000])
        #expect(data[0].series[0].color == "Ramp23" && data[0].y.log && !data[0].x.log)
        #expect(data[0].y.low < 0 && data[0].y.high > log10(4000) && data[0].right > data[0].left)
        #expect(data[1].series.map(\.name) == ["</script><script>alert(1)</script>"])
        let points = data[1].series[0].points
        #expect(points.count == 1000 && points.first == 0 && points[998] == 2999)
        #expect(abs(points[999] - (2 + sin(2999.0))) < 1e-5)
    }
}
