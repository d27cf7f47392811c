import Foundation
import Generation

/// The distribution as its definitions read: everything sorted, nothing skipped. Without biases, bans and penalties.
func naiveDistribution(_ logits: [Float], _ parameters: SamplingParameters) -> [Double] {
    let top = Double(logits.max() ?? 0)
    var p = normalized(logits.map { exp(Double($0) - top) })

    func keep(reaching mass: Double, by key: (Int) -> Double) {
        let order = p.indices.sorted { key($0) > key($1) }
        var sum = 0.0
        for i in order {
            sum += p[i]
            if sum >= mass - 0x1p-24 {
                p = p.indices.map { key($0) >= key(i) ? p[$0] : 0 }
                return
            }
        }
    }

    let whole = p
    // The tail that counts as nothing is looked for only where something can come of it.
    let hasFilters = parameters.topP < 1 || parameters.topK > 0 || parameters.minP > 0 || parameters.typicalP < 1
    if hasFilters || parameters.temperature > 1 { keep(reaching: parameters.topP) { whole[$0] } }
    if parameters.topK > 0 {
        let order = p.indices.sorted { (p[$0], $1) > (p[$1], $0) }
        for i in order.dropFirst(parameters.topK) { p[i] = 0 }
    }
    p = p.map { $0 >= parameters.minP * (p.max() ?? 0) ? $0 : 0 }
    if parameters.typicalP < 1 {
        p = normalized(p)
        let nucleus = p
        let entropy = nucleus.reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
        keep(reaching: parameters.typicalP) {
            nucleus[$0] > 0 ? -abs(-log(nucleus[$0]) - entropy) : -.infinity
        }
    }
    return normalized(p.map { pow($0, 1 / parameters.temperature) })
}

func normalized(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}

/// The greatest absolute difference of two vectors; infinite if their lengths differ or a number is missing.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { ($0 - $1).isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
}
