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
        /// Colours that follow each other evenly, red, green and blue.
        let ramp: [[Double]]
    }

    private static let light = Palette(
        background: "#ffffff", ink: "#1d2126", quiet: "#5c6570", grid: "#e8eaed", axis: "#a9b0b8",
        series: ["#2a66c8", "#cf5f0e", "#238551", "#8d4fc2", "#c2304f", "#0b7f8c"],
        ramp: [[0xE0, 0x8A, 0x1E], [0xC8, 0x36, 0x4E], [0x8D, 0x4F, 0xC2], [0x1F, 0x5F, 0xC4]])
    private static let dark = Palette(
        background: "#15181c", ink: "#e7eaee", quiet: "#9aa4af", grid: "#282d33", axis: "#565f69",
        series: ["#74a9ff", "#f79a4e", "#5fc98d", "#bf97f5", "#f5829a", "#52c5d0"],
        ramp: [[0xF7, 0xBC, 0x5E], [0xF5, 0x82, 0x9A], [0xBF, 0x97, 0xF5], [0x74, 0xA9, 0xFF]])

    /// How many series have colours of their own.
    static let colorCount = light.series.count

    /// How many colours of the ramp there are.
    private static let shadeCount = 24

    /// The end of the names of the classes of a colour.
    static func colorClass(_ series: Series, _ color: Int) -> String {
        guard let shade = series.shade, shade.isFinite else { return "\(color)" }
        return "Ramp\(Int((min(max(shade, 0), 1) * Double(shadeCount - 1)).rounded()))"
    }

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

    /// The rules of the ramp's colours, for drawings that have shades.
    static func rampRules(_ appearance: Appearance) -> String {
        switch appearance {
        case .light: rampRules(light)
        case .dark: rampRules(dark)
        case .automatic: rampRules(light) + "@media (prefers-color-scheme: dark) {\n" + rampRules(dark) + "}\n"
        }
    }

    private static func rampRules(_ palette: Palette) -> String {
        (0..<shadeCount).map { index in
            let place = Double(index) / Double(shadeCount - 1) * Double(palette.ramp.count - 1)
            let below = min(Int(place), palette.ramp.count - 2)
            let mixed = zip(palette.ramp[below], palette.ramp[below + 1]).map { low, high in
                "\(Int((low + (place - Double(below)) * (high - low)).rounded()))"
            }
            let color = "rgb(\(mixed.joined(separator: ", ")))"
            return ".plot-strokeRamp\(index) { stroke: \(color); } .plot-fillRamp\(index) { fill: \(color); }\n"
        }.joined()
    }
}
