/// A pair of numbers to be drawn.
public struct Point: Sendable, Equatable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// Named points that are drawn alike.
public struct Series: Sendable, Equatable {
    /// How the points are drawn.
    public enum Style: String, Sendable, Equatable, Codable {
        /// A line through the points in their order.
        case line
        /// The same, thin and pale: raw numbers behind their smoothed line.
        case faintLine
        /// A dot at each point: measurements made now and then.
        case dots
        /// Dots joined by a thin line.
        case dottedLine
    }

    /// Shown in the legend; a series without a name is not listed there.
    public var name: String
    /// In any order. A number that is not finite, or not above 0 on a logarithmic axis, leaves a gap in the line.
    public var points: [Point]
    public var style: Style
    /// Which of the palette's colours, counted from 0 and around; `nil` takes the next one that is free.
    public var color: Int?
    /// A place on the palette's ramp, from 0 to 1, in place of a colour: for series that follow each other, as layers do.
    public var shade: Double?

    public init(_ name: String, _ points: [Point], style: Style = .line, color: Int? = nil) {
        self.name = name
        self.points = points
        self.style = style
        self.color = color
    }

    /// Pairs the numbers up; a longer list's surplus is left out.
    public init(
        _ name: String, x: some Sequence<Double>, y: some Sequence<Double>, style: Style = .line, color: Int? = nil
    ) {
        self.init(name, zip(x, y).map { Point(x: $0, y: $1) }, style: style, color: color)
    }

    /// The same points with each y replaced by an average of its neighbours, the nearest ones weighing most.
    ///
    ///     forwards  f ← f + (y − f)/n,  n = min(w, points so far),  w = min(count/2, 1 + points so far/8)
    ///     backwards b ← b + (y − b)/m,  m = min(w, points still to come)
    ///     mean = (n·f + m·b)/(n + m)
    ///
    /// Two exponential moving averages, one from each side: the curve does not lag behind the numbers, as one average
    /// would. The width w starts small, so that the steep beginning of a loss curve keeps its shape. Values that are
    /// not finite stay as they are and count for nothing.
    /// - Parameter count: Over about how many points to average; 1 or less changes nothing.
    /// - Complexity: O(number of points).
    public func smoothed(over count: Int) -> Series {
        let places = points.indices.filter { points[$0].y.isFinite }
        func width(_ i: Int) -> Double { max(1, min(Double(count) / 2, 1 + Double(i) / 8)) }
        var result = self
        var forwards: [(mean: Double, weight: Double)] = []
        var mean = 0.0
        for (i, place) in places.enumerated() {
            let weight = min(width(i), Double(i + 1))
            mean += (points[place].y - mean) / weight
            forwards.append((mean, weight))
        }
        mean = 0
        for (i, place) in places.enumerated().reversed() {
            let weight = min(width(i), Double(places.count - i))
            mean += (points[place].y - mean) / weight
            let before = forwards[i]
            result.points[place].y = (before.weight * before.mean + weight * mean) / (before.weight + weight)
        }
        return result
    }
}
