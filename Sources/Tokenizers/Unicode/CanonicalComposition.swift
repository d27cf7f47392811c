/// Unicode normalisation form C.
///
/// Characters younger than Unicode 9 are left as they are, because the normaliser of Hugging Face's tokenizers, which
/// the published vocabularies were made with, does not know them. (Unicode Standard Annex #15.)
package enum CanonicalComposition {
    /// The text in form C, or `nil` if it is in form C as it stands. Bytes that are not UTF-8 stay where they are.
    /// - Complexity: O(n) for text; O(n log n) in the length of a run of combining marks.
    package static func normalized(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
        // Below U+0300, whose first byte is CC, no scalar combines and all are in form C.
        guard bytes[range].contains(where: { $0 >= 0xCC }) else { return nil }
        let tables = CanonicalDecompositions.shared
        var result: [UInt8] = []
        var copied = range.lowerBound
        var changed = false
        var index = range.lowerBound
        var stretchStart = range.lowerBound
        while index < range.upperBound {
            let (value, length) = decodeScalar(bytes, at: index, end: range.upperBound)
            guard value != illFormedScalar, tables.isActive(value) else {
                stretchStart = index
                index += length
                continue
            }
            let end = stretchEnd(bytes, from: index + length, to: range.upperBound, tables)
            // A byte that is not UTF-8 combines with nothing, though marks may follow it.
            if decodeScalar(bytes, at: stretchStart, end: end).value == illFormedScalar { stretchStart = index }
            let composed = compose(bytes, stretchStart..<end, tables)
            if !composed.elementsEqual(bytes[stretchStart..<end]) {
                result += bytes[copied..<stretchStart]
                result += composed
                copied = end
                changed = true
            }
            index = end
            stretchStart = end
        }
        return changed ? result + bytes[copied..<range.upperBound] : nil
    }

    /// Where the active scalars from `start` on end.
    private static func stretchEnd(
        _ bytes: [UInt8], from start: Int, to limit: Int, _ tables: CanonicalDecompositions
    ) -> Int {
        var index = start
        while index < limit {
            let (value, length) = decodeScalar(bytes, at: index, end: limit)
            guard value != illFormedScalar, tables.isActive(value) else { break }
            index += length
        }
        return index
    }

    /// Decomposes, orders and composes a stretch of well-formed UTF-8.
    private static func compose(_ bytes: [UInt8], _ range: Range<Int>, _ tables: CanonicalDecompositions) -> [UInt8] {
        var scalars: [UInt32] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let (value, length) = decodeScalar(bytes, at: index, end: range.upperBound)
            tables.decompose(value, into: &scalars)
            index += length
        }
        var result: [UInt8] = []
        for value in composed(ordered(scalars), tables) {
            if let scalar = Unicode.Scalar(value) { appendScalar(scalar, to: &result) }
        }
        return result
    }

    /// Scalars with their combining classes; marks between two that do not combine are sorted by class, in order.
    private static func ordered(_ scalars: [UInt32]) -> [(value: UInt32, combiningClass: UInt8)] {
        var result = scalars.map { (value: $0, combiningClass: CanonicalDecompositions.combiningClass($0)) }
        var start = 0
        while start < result.count {
            guard result[start].combiningClass != 0 else {
                start += 1
                continue
            }
            let end = result[start...].firstIndex { $0.combiningClass == 0 } ?? result.count
            let marks = result[start..<end].enumerated().sorted {
                ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
            }
            result.replaceSubrange(start..<end, with: marks.map(\.element))
            start = end
        }
        return result
    }

    /// Puts each mark into the last scalar that does not combine, unless another mark of the same or a higher class
    /// stands between.
    private static func composed(
        _ scalars: [(value: UInt32, combiningClass: UInt8)], _ tables: CanonicalDecompositions
    ) -> [UInt32] {
        var result: [UInt32] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            if let place = starter, result.count == place + 1 || lastClass < scalar.combiningClass,
                let whole = tables.compose(result[place], scalar.value)
            {
                result[place] = whole
                continue
            }
            if scalar.combiningClass == 0 { starter = result.count }
            lastClass = scalar.combiningClass
            result.append(scalar.value)
        }
        return result
    }
}
