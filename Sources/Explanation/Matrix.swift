/// Numbers in rows of equal length.
public struct Matrix: Sendable, Equatable {
    public internal(set) var rows: [[Float]]

    public init(_ rows: [[Float]] = []) { self.rows = rows }

    public subscript(row: Int, column: Int) -> Double { Double(rows[row][column]) }

    /// The same rows with some of their columns only.
    func columns(_ range: Range<Int>) -> Matrix { Matrix(rows.map { Array($0[range]) }) }
}

/// √Σ x²
func norm(_ values: some Sequence<Float>) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
}
