/// The colours of cells: from the background to orange for numbers above 0, and to blue for those below.
enum HeatColors {
    /// How many colours there are on each side of 0.
    static let count = 14

    /// The colour of a number: 0 at 0, ± `count` at `strongest` and beyond.
    ///
    /// The square root lets small numbers, of which there are most, be told apart.
    static func level(_ value: Double, strongest: Double) -> Int {
        let part = min(1, abs(value) / strongest).squareRoot()
        let level = Int((part * Double(count)).rounded())
        return value < 0 ? -level : level
    }

    /// The class of a colour.
    static func name(_ level: Int) -> String { level < 0 ? "heat-n\(-level)" : "heat-p\(level)" }

    private struct Palette {
        let zero, above, below: [Double]
    }

    // The ends have the same contrast to the background; orange and blue differ for colour-blind eyes too.
    private static let light = Palette(
        zero: [0xF2, 0xF3, 0xF5], above: [0xB3, 0x45, 0x00], below: [0x14, 0x4F, 0xA8])
    private static let dark = Palette(
        zero: [0x20, 0x24, 0x2A], above: [0xFF, 0xA6, 0x57], below: [0x6F, 0xAE, 0xFF])

    static func rules(_ appearance: Appearance) -> String {
        switch appearance {
        case .light: rules(light)
        case .dark: rules(dark)
        case .automatic: rules(light) + "@media (prefers-color-scheme: dark) {\n" + rules(dark) + "}\n"
        }
    }

    private static func rules(_ palette: Palette) -> String {
        (-count...count).map { level in
            let part = Double(abs(level)) / Double(count)
            let mixed = zip(palette.zero, level < 0 ? palette.below : palette.above).map { low, high in
                "\(Int((low + part * (high - low)).rounded()))"
            }
            return ".\(name(level)) { fill: rgb(\(mixed.joined(separator: ", "))); }\n"
        }.joined()
    }
}
