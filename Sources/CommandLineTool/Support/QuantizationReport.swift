internal import Foundation
internal import RWKV

/// What the quantised types cost a model on a text.
struct QuantizationReport {
    private let quantizer: Quantizer
    private let text: [TokenID]
    private let exact: Workspace
    private let fast: Workspace

    init(_ quantizer: Quantizer, text: [TokenID], on workspace: Workspace) {
        self.quantizer = quantizer
        self.text = text
        exact = workspace
        fast = Workspace(threadCount: workspace.threads.threadCount, precision: .fast)
    }

    /// Measures all types, and the model that was written, and prints the figures.
    func write(json: Bool, written: (plan: TypePlan, model: LanguageModel, name: String)?) throws {
        let own = Entry(
            name: "original", byteCount: quantizer.byteCount(TypePlan([:])),
            figures: try measure(quantizer.model, "original"))
        var entries = [own]
        if let written {
            let figures = try measure(written.model, written.name)
            entries.append(Entry(name: written.name, byteCount: quantizer.byteCount(written.plan), figures: figures))
        }
        for type in WeightType.quantized {
            let plan = quantizer.plan(type.dataType)
            let model = try quantizer.model(quantizer.tensors(plan, on: exact.threads))
            let figures = try measure(model, type.rawValue)
            entries.append(Entry(name: type.rawValue, byteCount: quantizer.byteCount(plan), figures: figures))
        }
        Terminal.endProgress()
        Terminal.write(json ? try self.json(entries) : self.text(entries))
    }

    private struct Entry {
        let name: String
        let byteCount: Int
        let figures: Figures
    }

    private struct Figures {
        let exact: Divergence
        let fast: Divergence
    }

    private func measure(_ model: LanguageModel, _ name: String) throws -> Figures {
        let comparison = ModelComparison(
            of: [ComparedModel(model, on: exact), ComparedModel(model, on: fast)],
            with: ComparedModel(quantizer.model, on: exact))
        let found = try comparison.measure(text) { Terminal.progress("\(name): \(format(100 * $0, decimals: 0)) %") }
            .others
        return Figures(exact: found[0], fast: found[1])
    }

    private func text(_ entries: [Entry]) -> String {
        let titles = ["MB", "perplexity", "KL", "largest change", "same token", "KL fast"]
        var table = TextTable([TextTable.Column("weights", isText: true)] + titles.map { TextTable.Column($0) })
        for entry in entries {
            let (exact, fast) = (entry.figures.exact, entry.figures.fast)
            table.add([
                entry.name, format(Double(entry.byteCount) / 1e6), format(exact.perplexity, decimals: 4),
                format(exact.meanDivergence, decimals: 6), format(Double(exact.greatestLogitChange), decimals: 3),
                "\(format(100 * exact.agreement, decimals: 1)) %", format(fast.meanDivergence, decimals: 6),
            ])
        }
        return "\(text.count) tokens\n" + table.lines(Style.ofStandardOutput).joined(separator: "\n") + "\n"
    }

    private func json(_ entries: [Entry]) throws -> String {
        let rows = entries.map { entry -> [String: Any] in
            let (exact, fast) = (entry.figures.exact, entry.figures.fast)
            return [
                "weights": entry.name, "bytes": entry.byteCount, "perplexity": exact.perplexity,
                "kl_divergence": exact.meanDivergence, "largest_logit_change": Double(exact.greatestLogitChange),
                "same_best_token": exact.agreement, "fast_perplexity": fast.perplexity,
                "fast_kl_divergence": fast.meanDivergence,
                "fast_largest_logit_change": Double(fast.greatestLogitChange),
            ]
        }
        let report: [String: Any] = ["tokens": text.count, "results": rows]
        let data = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
