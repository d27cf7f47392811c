/// The extents of a tensor, outermost first: `[rows, C]` for activations, `[out, in]` for a matrix.
public struct Shape: Hashable, Sendable {
    // Every op makes shapes, nearly all of them of a matrix: those need no memory from the heap.
    private enum Extents: Hashable, Sendable {
        case matrix(Int, Int)
        case others([Int])
    }

    private let storage: Extents

    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "a shape has no negative extent: \(extents)")
        storage = extents.count == 2 ? .matrix(extents[0], extents[1]) : .others(extents)
    }

    /// `[rows, columns]`
    public init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "a shape has no negative extent: [\(rows), \(columns)]")
        storage = .matrix(rows, columns)
    }

    /// The extents, outermost first; never negative.
    public var extents: [Int] {
        switch storage {
        case .matrix(let rows, let columns): [rows, columns]
        case .others(let extents): extents
        }
    }

    /// The outermost extent; 1 for a scalar.
    public var rows: Int {
        switch storage {
        case .matrix(let rows, _): rows
        case .others(let extents): extents.first ?? 1
        }
    }

    /// The number of elements of a row: the product of all extents but the outermost.
    public var width: Int {
        switch storage {
        case .matrix(_, let columns): columns
        case .others(let extents): extents.dropFirst().reduce(1, *)
        }
    }

    /// The number of elements. A scalar `[]` has one.
    public var count: Int {
        switch storage {
        case .matrix(let rows, let columns): rows * columns
        case .others(let extents): extents.reduce(1, *)
        }
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
