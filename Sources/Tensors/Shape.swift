/// The extents of a tensor, outermost first: `[rows, C]` for activations, `[out, in]` for a matrix.
public struct Shape: Hashable, Sendable {
    /// The extents, outermost first; never negative.
    public let extents: [Int]

    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "a shape has no negative extent: \(extents)")
        self.extents = extents
    }

    /// The number of elements, the product of the extents; `nil` if that product overflows `Int`.
    ///
    /// Shapes that come from a file are checked with this before anything is allocated.
    public var checkedCount: Int? {
        var count = 1
        for extent in extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            count = product
        }
        return count
    }

    /// The number of elements. A scalar `[]` has one.
    public var count: Int { extents.reduce(1, *) }

    /// The shape without its extents of one: checkpoints store vectors as `[1, 1, C]` as well as `[C]`.
    public var squeezed: Shape { Shape(extents.filter { $0 != 1 }) }
}

extension Shape: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Int...) {
        self.init(elements)
    }
}

extension Shape: CustomStringConvertible {
    public var description: String { "[\(extents.map(String.init).joined(separator: ", "))]" }
}
