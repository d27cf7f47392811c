/// A binary heap that gives back its least element first.
struct MinimumHeap<Element: Comparable> {
    private var elements: [Element] = []

    /// - Complexity: O(log n)
    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    /// The least element, taken out; `nil` if there is none.
    /// - Complexity: O(log n)
    mutating func popMinimum() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let minimum = elements.first else { return last }
        elements[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return minimum }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { return minimum }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}
