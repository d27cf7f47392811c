/// Leaves of a line what can be seen of it: per column of one pixel the lowest and the highest point, in their order.
///
/// So a million points become two per column, and no spike is lost, as it would be by taking every n-th point. Points
/// run through in their order, so a line that goes back and forth is kept as well.
/// - Parameter points: In pixels, all finite.
/// - Complexity: O(n).
package func decimated(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    var start = 0
    while start < points.count {
        let column = points[start].x.rounded(.down)
        var (low, high) = (start, start)
        var end = start
        while end < points.count && points[end].x.rounded(.down) == column {
            if points[end].y < points[low].y { low = end }
            if points[end].y > points[high].y { high = end }
            end += 1
        }
        result.append(points[min(low, high)])
        if low != high { result.append(points[max(low, high)]) }
        start = end
    }
    return result
}
