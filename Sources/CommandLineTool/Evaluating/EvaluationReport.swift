internal import Foundation
internal import RWKV

/// What an evaluation found, as tables for people and as an object for programs.
struct EvaluationReport {
    /// A figure of each model, and how the first differs from the second.
    struct Row {
        let key: String
        let title: String
        let values: [Double]
        var decimals = 4
        var isPercentage = false
        /// Of each value, where there is one.
        var intervals: [ClosedRange<Double>] = []
        var comparison: PairedComparison?
        /// Whether the comparison is of logarithms, so that what it finds is a ratio.
        var isRatio = false
    }

    struct Part {
        /// The key of the part's object; `nil` puts its rows at the top.
        let key: String?
        let title: String
        let facts: [(key: String, value: Double)]
        let rows: [Row]
    }

    private let names: [String]
    private var parts: [Part] = []

    init(_ names: [String]) { self.names = names }

    mutating func add(_ part: Part) { parts.append(part) }

    func text(_ style: Style) -> String {
        parts.map { part in ([style.bold(part.title)] + table(part).lines(style) + [""]).joined(separator: "\n") }
            .joined(separator: "\n")
    }

    private func table(_ part: Part) -> TextTable {
        let hasIntervals = names.count == 1 && part.rows.contains { !$0.intervals.isEmpty }
        var columns = [TextTable.Column("", isText: true)] + names.map { TextTable.Column($0) }
        if hasIntervals { columns.append(TextTable.Column("95 % interval")) }
        if names.count > 1 { columns += [TextTable.Column("difference"), TextTable.Column("95 % interval")] }
        var table = TextTable(columns)
        for row in part.rows {
            var cells = [row.title] + row.values.map { number($0, row) }
            if hasIntervals { cells.append(row.intervals.first.map { interval($0, row) } ?? "") }
            if names.count > 1 { cells += difference(row) }
            table.add(cells)
        }
        return table
    }

    private func difference(_ row: Row) -> [String] {
        guard let found = row.comparison else { return ["", ""] }
        if row.isRatio {
            let range = exp(found.interval.lowerBound)...exp(found.interval.upperBound)
            return ["× \(format(exp(found.difference), decimals: 4))", "× \(interval(range, row))"]
        }
        return [(found.difference > 0 ? "+" : "") + number(found.difference, row), interval(found.interval, row)]
    }

    private func number(_ value: Double, _ row: Row) -> String {
        row.isPercentage ? "\(format(100 * value, decimals: 2)) %" : format(value, decimals: row.decimals)
    }

    private func interval(_ range: ClosedRange<Double>, _ row: Row) -> String {
        "\(number(range.lowerBound, row)) to \(number(range.upperBound, row))"
    }

    func json() throws -> String {
        var report: [String: Any] = [:]
        for part in parts {
            var object = values(part, of: 0)
            if names.count > 1 {
                object["against"] = values(part, of: 1)
                object["comparison"] = comparisons(part)
            }
            if let key = part.key { report[key] = object } else { report.merge(object) { $1 } }
        }
        let data = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private func values(_ part: Part, of model: Int) -> [String: Any] {
        var object: [String: Any] = [:]
        for fact in part.facts { object[fact.key] = fact.value }
        for row in part.rows {
            object[row.key] = finite(row.values[model])
            if row.intervals.indices.contains(model) {
                object[row.key + "_interval"] = [row.intervals[model].lowerBound, row.intervals[model].upperBound]
            }
        }
        return object
    }

    private func comparisons(_ part: Part) -> [String: Any] {
        var object: [String: Any] = [:]
        for row in part.rows {
            guard let found = row.comparison else { continue }
            // JSON has no infinity, which the ratio of hopeless perplexities may be.
            let (low, high) = (found.interval.lowerBound, found.interval.upperBound)
            object[row.isRatio ? "log_" + row.key : row.key] = [
                "difference": finite(found.difference), "low": finite(low), "high": finite(high),
                "pairs": found.pairCount, "significant": found.isSignificant,
            ]
        }
        return object
    }

    /// A number as JSON can hold it.
    private func finite(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}

extension EvaluationReport.Part {
    static func text(
        _ losses: [TextLoss], _ context: Perplexity.Context, title: String, documentCount: Int
    ) throws -> Self {
        let first = losses[0]
        let sameTokens = losses.allSatisfy { $0.tokenCount == first.tokenCount }
        // A text of a page has no pieces to compare.
        let comparison =
            losses.count > 1 && first.pieces.count > 1 ? try first.comparison(with: losses[1]) : nil
        var rows = [
            EvaluationReport.Row(
                key: "bits_per_byte", title: "bits per byte", values: losses.map(\.bitsPerByte), comparison: comparison),
            EvaluationReport.Row(
                key: "nats_per_token", title: "nats per token", values: losses.map(\.natsPerToken)),
            EvaluationReport.Row(key: "perplexity", title: "perplexity", values: losses.map(\.perplexity), decimals: 3),
            EvaluationReport.Row(
                key: "word_perplexity", title: "perplexity per word", values: losses.map(\.wordPerplexity), decimals: 2),
            EvaluationReport.Row(
                key: "word_and_line_perplexity", title: "the same, line ends being words",
                values: losses.map(\.wordAndLinePerplexity), decimals: 2),
        ]
        if !sameTokens {
            rows.append(
                .init(key: "tokens", title: "tokens", values: losses.map { Double($0.tokenCount) }, decimals: 0))
        }
        var facts: [(String, Double)] = [
            ("tokens", Double(first.tokenCount)), ("bytes", Double(first.byteCount)),
            ("words", Double(first.wordCount)), ("line_ends", Double(first.lineEndCount)),
            ("documents", Double(documentCount)),
        ]
        let reading: String
        switch context {
        case .carried: reading = "the state carried through"
        case .document: reading = "each document from a fresh state"
        case .sliding(let window, let stride):
            reading = "windows of \(window) tokens, \(stride) apart"
            facts += [("window", Double(window)), ("stride", Double(stride))]
        }
        let size = "\(documentCount) document\(documentCount == 1 ? "" : "s"), \(first.byteCount) bytes"
        let tokens = sameTokens ? ", \(first.tokenCount) tokens" : ""
        return Self(key: nil, title: "\(title): \(size)\(tokens), \(reading)", facts: facts, rows: rows)
    }

    static func lastWords(_ results: [LastWordTask.Result], title: String) throws -> Self {
        let count = results[0].answers.count
        let isCompared = results.count > 1 && count > 1
        return Self(
            key: "lambada", title: "\(title): the last words of \(count) passages", facts: [("count", Double(count))],
            rows: [
                EvaluationReport.Row(
                    key: "accuracy", title: "accuracy", values: results.map(\.accuracy.value), isPercentage: true,
                    intervals: results.map(\.accuracy.interval),
                    comparison: isCompared ? try results[0].accuracyComparison(with: results[1]) : nil),
                EvaluationReport.Row(
                    key: "perplexity", title: "perplexity per word", values: results.map(\.perplexity), decimals: 2,
                    comparison: isCompared ? try results[0].logPerplexityComparison(with: results[1]) : nil,
                    isRatio: true),
            ])
    }

    static func choices(_ results: [MultipleChoiceTask.Result], title: String) throws -> Self {
        let count = results[0].answers.count
        let isCompared = results.count > 1 && count > 1
        return Self(
            key: "choices", title: "\(title): \(count) questions", facts: [("count", Double(count))],
            rows: [
                EvaluationReport.Row(
                    key: "accuracy", title: "accuracy", values: results.map(\.accuracy.value), isPercentage: true,
                    intervals: results.map(\.accuracy.interval),
                    comparison: isCompared ? try results[0].accuracyComparison(with: results[1]) : nil),
                EvaluationReport.Row(
                    key: "normalized_accuracy", title: "accuracy by length",
                    values: results.map(\.normalizedAccuracy.value), isPercentage: true,
                    intervals: results.map(\.normalizedAccuracy.interval),
                    comparison: isCompared ? try results[0].normalizedAccuracyComparison(with: results[1]) : nil),
            ])
    }
}
