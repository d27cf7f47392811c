/// Which colours a plot has.
public enum Appearance: String, Sendable, Equatable, Codable {
    /// Those that the viewer prefers: the drawing holds both.
    case automatic
    case light
    case dark
}

/// Colours and fonts, as style rules inside the drawing.
///
/// Plain rules without variables, so that simple SVG programs, which ignore the media query, show the light colours.
enum PlotStyle {
    private struct Palette {
        let background, ink, quiet, grid, axis: String
        /// As distinct as possible for colour-blind eyes too, and of similar contrast to the background.
        let series: [String]
    }

    private static let light = Palette(
        background: "#ffffff", ink: "#1d2126", quiet: "#5c6570", grid: "#e8eaed", axis: "#a9b0b8",
        series: ["#2a66c8", "#cf5f0e", "#238551", "#8d4fc2", "#c2304f", "#0b7f8c"])
    private static let dark = Palette(
        background: "#15181c", ink: "#e7eaee", quiet: "#9aa4af", grid: "#282d33", axis: "#565f69",
        series: ["#74a9ff", "#f79a4e", "#5fc98d", "#bf97f5", "#f5829a", "#52c5d0"])

    /// How many series have colours of their own.
    static let colorCount = light.series.count

    static func rules(_ appearance: Appearance) -> String {
        switch appearance {
        case .light: shared + rules(light)
        case .dark: shared + rules(dark)
        case .automatic: shared + rules(light) + "@media (prefers-color-scheme: dark) {\n" + rules(dark) + "}\n"
        }
    }

    private static let shared = """
        .plot-text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
        .plot-title { font-size: 17px; font-weight: 600; }
        .plot-label { font-size: 13px; }
        .plot-tick { font-size: 12px; font-variant-numeric: tabular-nums; }
        .plot-line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .plot-thin { stroke-width: 1.25; }
        .plot-faint { stroke-width: 1; opacity: 0.3; }

        """

    private static func rules(_ palette: Palette) -> String {
        var text = """
            .plot-background { fill: \(palette.background); }
            .plot-ink { fill: \(palette.ink); }
            .plot-quiet { fill: \(palette.quiet); }
            .plot-grid { stroke: \(palette.grid); stroke-width: 1; }
            .plot-axis { stroke: \(palette.axis); stroke-width: 1; }
            .plot-dot { stroke: \(palette.background); stroke-width: 1.5; }

            """
        for (index, color) in palette.series.enumerated() {
            text += ".plot-stroke\(index) { stroke: \(color); } .plot-fill\(index) { fill: \(color); }\n"
        }
        return text
    }
}
