/// An element of a weighted ranking: sorted by `key`, the greatest first, summed by `mass`.
package struct RankedMass {
    package var key: Double
    package var mass: Double

    package init(key: Double, mass: Double) {
        self.key = key
        self.mass = mass
    }
}

extension [RankedMass] {
    /// The key at which the masses, added up from the greatest key down, first reach `target`; the least key if they
    /// never do, `nil` if there are no elements. The target is above 0. Leaves the elements in another order.
    ///
    /// Quickselect with the masses of the parts in place of their sizes: most elements are never sorted. The order of
    /// additions depends on the elements alone, so that the result is the same on every machine.
    /// - Complexity: O(n) on average; O(n·log n) at worst, as it sorts what a run of bad pivots leaves.
    package mutating func key(reaching target: Double) -> Double? {
        var reached = 0.0
        var part = indices
        var pivotsLeft = 60
        while part.count > 24 && pivotsLeft > 0 {
            pivotsLeft -= 1
            let pivot = medianKey(of: part)
            let (equalStart, equalEnd) = partition(part, around: pivot)
            let greater = mass(of: part.lowerBound..<equalStart)
            if reached + greater >= target {
                part = part.lowerBound..<equalStart
                continue
            }
            reached += greater + mass(of: equalStart..<equalEnd)
            if reached >= target || equalEnd == part.upperBound { return pivot }
            part = equalEnd..<part.upperBound
        }
        self[part].sort { $0.key > $1.key }
        for element in self[part] {
            reached += element.mass
            if reached >= target { return element.key }
        }
        return self[part].last?.key
    }

    private func mass(of range: Range<Int>) -> Double {
        self[range].reduce(0) { $0 + $1.mass }
    }

    private func medianKey(of range: Range<Int>) -> Double {
        let a = self[range.lowerBound].key
        let b = self[range.lowerBound + range.count / 2].key
        let c = self[range.upperBound - 1].key
        return Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
    }

    /// Moves keys greater than the pivot to the front of the range and smaller ones to its back; returns where the
    /// equal ones between start and end.
    private mutating func partition(_ range: Range<Int>, around pivot: Double) -> (Int, Int) {
        var (greaterEnd, next, smallerStart) = (range.lowerBound, range.lowerBound, range.upperBound)
        while next < smallerStart {
            let key = self[next].key
            if key > pivot {
                swapAt(greaterEnd, next)
                greaterEnd += 1
                next += 1
            } else if key < pivot {
                smallerStart -= 1
                swapAt(next, smallerStart)
            } else {
                next += 1
            }
        }
        return (greaterEnd, smallerStart)
    }
}
