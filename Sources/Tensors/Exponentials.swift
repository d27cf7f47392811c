internal import CKernels

/// Σ e^((x − shift)·factor) over all x, none of them greater than the shift.
///
/// Each e^x is within 2 units in the last place, and 0 where x ≤ −708. The bits are the same on every machine, for one bit can
/// change a token that is drawn.
/// - Parameters:
///   - factor: Above 0.
///   - terms: Memory for the terms, as many as values, for callers that want them as well.
package func sumOfExponentials(
    _ values: [Float], minus shift: Float, times factor: Double = 1, terms: UnsafeMutableBufferPointer<Double>? = nil
) -> Double {
    precondition(terms == nil || terms?.count == values.count, "there is a place for each term")
    return values.withUnsafeBufferPointer {
        kernels.table.sum_of_exponentials(terms?.baseAddress, $0.baseAddress, $0.count, Double(shift), factor)
    }
}

private let kernels = Kernels.best
