/// Which scalars decompose canonically, and which pairs compose.
struct CanonicalDecompositions: Sendable {
    /// The tables, read once.
    static let shared = CanonicalDecompositions()

    /// The first step of a scalar's decomposition; `second` is `nil` if one other scalar replaces it.
    private var decompositions: [UInt32: (first: UInt32, second: UInt32?)] = [:]
    private var compositions: [UInt64: UInt32] = [:]
    /// For the scalars of planes 0 to 2, whether one can make the text around it differ from form C. All others are
    /// inert: they begin a stretch of text that is normalised for itself, and stay as they are.
    private var isActive = [Bool](repeating: false, count: 0x30000)

    private init() {
        readPairs()
        for entry in Self.entries(of: CanonicalDecompositionData.singletons) {
            guard let replacement = UInt32(entry.text, radix: 16) else { continue }
            decompositions[entry.scalar] = (replacement, nil)
            isActive[Int(entry.scalar)] = true
        }
        for value in Hangul.vowels { isActive[Int(value)] = true }
        for value in Hangul.trailing { isActive[Int(value)] = true }
        for value in isActive.indices where Self.combiningClass(UInt32(value)) != 0 { isActive[value] = true }
    }

    private mutating func readPairs() {
        for entry in Self.entries(of: CanonicalDecompositionData.pairs) {
            let parts = entry.text.split { $0 == "+" || $0 == "-" }.compactMap { UInt32($0, radix: 16) }
            guard parts.count == 2 else { continue }
            decompositions[entry.scalar] = (parts[0], parts[1])
            if entry.text.contains("+") {
                compositions[Self.key(parts[0], parts[1])] = entry.scalar
                isActive[Int(parts[1])] = true
            } else {
                isActive[Int(entry.scalar)] = true
            }
        }
    }

    /// The entries of a table, each with the scalar that it is about.
    private static func entries(of table: String) -> [(scalar: UInt32, text: Substring)] {
        var scalar: UInt32 = 0
        return table.split(separator: " ").map { entry in
            let fields = entry.split(separator: ":")
            scalar = fields.count == 2 ? UInt32(fields[0], radix: 16) ?? 0 : scalar + 1
            return (scalar, fields.last ?? "")
        }
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// The property Canonical_Combining_Class: 0 for scalars that do not combine, and for all younger than Unicode 9.
    static func combiningClass(_ value: UInt32) -> UInt8 {
        guard let properties = Unicode.Scalar(value)?.properties else { return 0 }
        let combiningClass = properties.canonicalCombiningClass.rawValue
        if combiningClass == 0 { return 0 }
        return (properties.age?.major ?? .max) <= 9 ? combiningClass : 0
    }

    /// Whether the scalar can make the text around it differ from form C.
    @inline(__always)
    func isActive(_ value: UInt32) -> Bool { value < 0x30000 && isActive[Int(value)] }

    /// Appends the full decomposition of a scalar.
    func decompose(_ value: UInt32, into result: inout [UInt32]) {
        if Hangul.decompose(value, into: &result) { return }
        guard let (first, second) = decompositions[value] else {
            result.append(value)
            return
        }
        decompose(first, into: &result)
        if let second { decompose(second, into: &result) }
    }

    /// The scalar that stands for two, if there is one.
    func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.compose(first, second) ?? compositions[Self.key(first, second)]
    }
}

/// Korean syllables, whose decomposition is arithmetic (the Unicode Standard, section 3.12).
private enum Hangul {
    static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
    static let leading: Range<UInt32> = 0x1100..<0x1113
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    /// The first value of the standard's range, U+11A7, stands for “none” and is left out.
    static let trailing: Range<UInt32> = 0x11A8..<0x11C3
    private static let vowelCount: UInt32 = 21
    private static let trailingCount: UInt32 = 28

    static func decompose(_ value: UInt32, into result: inout [UInt32]) -> Bool {
        guard syllables.contains(value) else { return false }
        let index = value - syllables.lowerBound
        result.append(leading.lowerBound + index / (vowelCount * trailingCount))
        result.append(vowels.lowerBound + index / trailingCount % vowelCount)
        let tail = index % trailingCount
        if tail > 0 { result.append(trailing.lowerBound + tail - 1) }
        return true
    }

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let pair = (first - leading.lowerBound) * vowelCount + second - vowels.lowerBound
            return syllables.lowerBound + pair * trailingCount
        }
        let hasNoTail = syllables.contains(first) && (first - syllables.lowerBound) % trailingCount == 0
        guard hasNoTail, trailing.contains(second) else { return nil }
        return first + second - trailing.lowerBound + 1
    }
}
