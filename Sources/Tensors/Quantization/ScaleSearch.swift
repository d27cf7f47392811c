/// Finds the scales with which small integers stand best for numbers: with the least Σ w[i] · (value[i] − decoded[i])².
///
/// The error is a step function of the scale, so some fifty scales around the one that just spans the numbers are tried,
/// those that cut off the farthest among them; for each, the least squares over its integers give the scale proper. That
/// is the idea of ggml's `make_qx_quants` and `make_qkx2_quants`, with more scales and both signs. Numbers come in eights.
struct ScaleSearch {
    let values: UnsafePointer<Float>
    /// How much the error of each number counts.
    let weights: UnsafePointer<Float>
    let count: Int

    private typealias Eight = SIMD8<Float>

    /// The scale d for decoded[i] = d · q[i] with q[i] in `levels`, which lie around zero.
    func symmetric(_ levels: ClosedRange<Int>) -> Float {
        let extreme = farthestFromZero(values, count)
        var best: (score: Float, scale: Float) = (0, extreme / Float(levels.lowerBound))
        let limits = (Float(levels.lowerBound), Float(levels.upperBound))
        for end in [limits.0, limits.1] {
            for step in -6...18 {
                let inverse = (end + (end < 0 ? -0.15 : 0.15) * Float(step)) / extreme
                var (xq, qq) = (Eight.zero, Eight.zero)
                for i in stride(from: 0, to: count, by: 8) {
                    let (x, w) = (load(values, i), load(weights, i))
                    let q = Self.rounded(x * inverse, limits)
                    xq += w * x * q
                    qq += w * q * q
                }
                // The error is Σ w·x² − xq² / qq.
                let (product, square) = (xq.sum(), qq.sum())
                let score = product * product / square
                if score > best.score { best = (score, product / square) }
            }
        }
        return best.scale
    }

    /// The scale d and the minimum m for decoded[i] = d · q[i] + m with q[i] from 0 to `upper`.
    /// - Parameter minimumAboveZero: Whether m may be positive.
    func affine(upper: Int, minimumAboveZero: Bool) -> (scale: Float, minimum: Float) {
        var (least, greatest) = extremes(values, count)
        if !minimumAboveZero {
            least = min(least, 0)
            greatest = max(greatest, 0)
        }
        let range = greatest - least
        guard range > 0 else { return (0, least) }
        let limits = (Float(0), Float(upper))
        var best = AffineFit(scale: range / limits.1, minimum: least, error: .infinity)
        for step in -6...18 {
            let levels = limits.1 + 0.15 * Float(step)
            // What is cut off is cut off on both sides alike; the least squares put the minimum right.
            let shift = range * (1 - limits.1 / levels) / 2
            let fit = leastSquares(levels / range, least + max(0, shift), limits, minimumAboveZero)
            if fit.error < best.error { best = fit }
        }
        for _ in 0..<2 where best.scale > 0 {
            let fit = leastSquares(1 / best.scale, best.minimum, limits, minimumAboveZero)
            if fit.error < best.error { best = fit }
        }
        return (best.scale, best.minimum)
    }

    /// Σ w[i] · (value[i] − decoded[i])² with the best integers from 0 to `upper` for a scale and a minimum.
    func error(scale: Float, minimum: Float, upper: Int) -> Float {
        error(scale: scale, minimum: minimum, (0, Float(upper)))
    }

    /// Σ w[i] · (value[i] − decoded[i])² with the best integers in `levels` for a scale.
    func error(scale: Float, _ levels: ClosedRange<Int>) -> Float {
        error(scale: scale, minimum: 0, (Float(levels.lowerBound), Float(levels.upperBound)))
    }

    private func error(scale: Float, minimum: Float, _ limits: (Float, Float)) -> Float {
        let factor = inverse(scale)
        var sum = Eight.zero
        for i in stride(from: 0, to: count, by: 8) {
            let x = load(values, i) - minimum
            let difference = x - scale * Self.rounded(x * factor, limits)
            sum += load(weights, i) * difference * difference
        }
        return sum.sum()
    }

    /// The scale and the minimum of the least squares over the integers that `inverse` and `start` give.
    private func leastSquares(
        _ inverse: Float, _ start: Float, _ limits: (Float, Float), _ minimumAboveZero: Bool
    ) -> AffineFit {
        var (w1, wx, wq, xq, qq) = (Eight.zero, Eight.zero, Eight.zero, Eight.zero, Eight.zero)
        for i in stride(from: 0, to: count, by: 8) {
            let (x, w) = (load(values, i), load(weights, i))
            let q = Self.rounded((x - start) * inverse, limits)
            w1 += w
            wx += w * x
            wq += w * q
            xq += w * x * q
            qq += w * q * q
        }
        let (a, b, c, d, e) = (w1.sum(), wx.sum(), wq.sum(), xq.sum(), qq.sum())
        let determinant = a * e - c * c
        var (scale, minimum) = ((a * d - b * c) / determinant, (e * b - c * d) / determinant)
        if !minimumAboveZero, minimum > 0 { (scale, minimum) = (d / e, 0) }
        // Without Σ w·x², which is the same for all.
        let error =
            scale * scale * e + minimum * minimum * a + 2 * (scale * minimum * c - scale * d - minimum * b)
        return AffineFit(scale: scale, minimum: minimum, error: scale > 0 ? error : .infinity)
    }

    private struct AffineFit {
        var scale: Float
        var minimum: Float
        var error: Float
    }

    @inline(__always)
    private func load(_ numbers: UnsafePointer<Float>, _ index: Int) -> Eight {
        UnsafeRawPointer(numbers + index).loadUnaligned(as: Eight.self)
    }

    /// The nearest integers within limits. Adding and taking away 1.5 · 2²³ leaves no fraction.
    @inline(__always)
    private static func rounded(_ x: Eight, _ limits: (lower: Float, upper: Float)) -> Eight {
        let low = x.replacing(with: limits.lower, where: x .< limits.lower)
        let clamped = low.replacing(with: limits.upper, where: low .> limits.upper)
        return clamped + 12_582_912 - 12_582_912
    }
}

/// The integer within `limits` that stands best for a value over its scale. What is not a number becomes the lower limit.
@inline(__always)
func nearest(_ value: Float, _ limits: ClosedRange<Int>) -> Int {
    guard value > Float(limits.lowerBound) else { return limits.lowerBound }
    return Int(min(Float(limits.upperBound), value).rounded(.toNearestOrEven))
}
