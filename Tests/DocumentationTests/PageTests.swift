import Foundation
import Testing

@Suite("The documentation's pages")
struct PageTests {
    private static let quoting = ["tutorial", "versions"]

    @Test("quote code that is there", arguments: quoting.flatMap { ["Docs/\($0).md", "Docs/\($0).zh-CN.md"] })
    func quotations(path: String) throws {
        let quotations = try Page(path).blocks.filter { ["swift", "c"].contains($0.info.first) }
        #expect(quotations.count >= 5)
        for quotation in quotations {
            let source = try #require(quotation.source, "\(path): a quotation without a file's name before it")
            let lines = try trimmedLines(String(contentsOf: root.appendingPathComponent(source), encoding: .utf8))
            // A line of dots stands for what was left out.
            for part in quotation.code.components(separatedBy: "// …\n") {
                let quoted = trimmedLines(part)
                let isThere = lines.indices.contains { lines[$0...].starts(with: quoted) }
                #expect(!quoted.isEmpty && isThere, "\(path): not in \(source): \(quoted.first ?? "")")
            }
        }
    }

    @Test("say the same in both languages: code, formulas and figures", arguments: quoting)
    func languages(name: String) throws {
        let (english, chinese) = (try Page("Docs/\(name).md"), try Page("Docs/\(name).zh-CN.md"))
        #expect(english.blocks.map(\.source) == chinese.blocks.map(\.source))
        for (a, b) in zip(english.blocks, chinese.blocks) {
            #expect(Self.formula(a.code) == Self.formula(b.code))
        }
        #expect(!english.blocks.isEmpty && english.blocks.count == chinese.blocks.count)
        #expect(Self.figures(english) == Self.figures(chinese))
    }

    /// Code without the words in formulas, which are translated.
    private static func formula(_ code: String) -> String {
        code.replacingOccurrences(of: #"\\text\{[^}]*\}"#, with: "", options: .regularExpression)
    }

    /// Pictures by their files, and where pictures belong.
    private static func figures(_ page: Page) -> [String] {
        page.text.split(separator: "\n").filter { $0.hasPrefix("<!-- figure") || $0.hasPrefix("![") }
            .map { String($0).components(separatedBy: "](").last ?? "" }
    }

    @Test("link to files that are there")
    func links() throws {
        var count = 0
        for page in try Page.all() + [Page("README.md"), Page("README.zh-CN.md"), Page("CONTRIBUTING.md")] {
            let folder = root.appendingPathComponent(page.path).deletingLastPathComponent()
            for link in page.links {
                guard let file = link.split(separator: "#", omittingEmptySubsequences: false).first, !file.isEmpty
                else {
                    continue
                }
                count += 1
                let target = folder.appendingPathComponent(String(file)).path
                #expect(FileManager.default.fileExists(atPath: target), "\(page.path): \(link)")
            }
        }
        #expect(count > 50)
    }
}
