import Foundation
import Plots

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A drawing as an XML reader sees it: proof that it is well formed, and a way to ask what is in it.
final class Drawing: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let attributes: [String: String]
        var text = ""

        /// The numbers of a path, as pairs.
        var pathPoints: [Point] {
            let numbers = (attributes["d"] ?? "").split { !"-.0123456789".contains($0) }.compactMap { Double($0) }
            return stride(from: 0, to: numbers.count - 1, by: 2).map { Point(x: numbers[$0], y: numbers[$0 + 1]) }
        }
    }

    private(set) var elements: [Element] = []
    private var open: [Int] = []
    private(set) var problem: (any Error)?

    init(_ svg: String) {
        super.init()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = self
        if !parser.parse() { problem = parser.parserError ?? CocoaError(.fileReadCorruptFile) }
    }

    func elements(_ name: String, class part: String = "") -> [Element] {
        elements.filter { $0.name == name && (part.isEmpty || $0.attributes["class", default: ""].contains(part)) }
    }

    /// The text of all labels.
    var texts: [String] { elements("text").map(\.text) }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(elements.count)
        elements.append(Element(name: name, attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if let last = open.last { elements[last].text += string }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        _ = open.popLast()
    }
}
