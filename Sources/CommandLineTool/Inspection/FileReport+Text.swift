internal import Foundation
internal import Plots
internal import RWKV

extension FileReport {
    /// The report for a person.
    func text(_ style: Style) -> String {
        var lines = [
            style.bold("\(printable(name)): \(format)") + (fileByteCount.map { ", " + describe(bytes: $0) } ?? "")
        ]
        for finding in notFinite.prefix(10) { lines.append(style.red("warning: \(finding)")) }
        if notFinite.count > 10 { lines.append(style.red("warning: … and \(notFinite.count - 10) more such tensors")) }
        lines.append(contentsOf: facts.aligned().map { "  " + $0 })
        if !metadata.isEmpty {
            lines += ["", style.bold("metadata")]
            let pairs = metadata.sorted { $0.key < $1.key }.map { (printable($0.key), printable($0.value)) }
            lines.append(contentsOf: pairs.aligned().map { style.fit("  " + $0) })
        }
        if let statistics {
            lines.append("")
            lines.append(contentsOf: table(statistics).lines(style))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var facts: [(String, String)] {
        var facts = [("content", model?.architecture ?? kind.description)]
        if let naming { facts.append(("names", "\(naming)’s in the file; below, the official ones")) }
        if kind == .model || kind == .tensors, let problem { facts.append(("no model because", problem)) }
        facts += model?.sizes.sizes.map { ($0.label, "\($0.value)") } ?? []
        facts.append((model == nil ? "elements" : "parameters", NumberText.grouped(parameterCount)))
        facts.append(
            (
                "types",
                types.map {
                    "\($0.type.rawValue) (\($0.tensors) tensor\($0.tensors == 1 ? "" : "s"), \(describe(bytes: $0.bytes)))"
                }
                .joined(separator: ", ")
            ))
        if let model {
            facts.append(
                ("weights", "\(describe(bytes: byteCount)); \(describe(bytes: model.bytesReadPerToken)) read per token")
            )
            let (state, growth) = (describe(bytes: model.stateByteCount), describe(bytes: model.stateBytesPerToken))
            facts.append(("state", model.stateBytesPerToken == 0 ? "\(state) per sequence" : "\(growth) per token"))
            facts.append(("tokenizer", model.tokenizer.text))
        }
        return facts
    }

    private func table(_ statistics: [TensorStatistics]) -> TextTable {
        var table = TextTable([
            .init("tensor", isText: true), .init("shape", isText: true), .init("type", isText: true), .init("min"),
            .init("max"), .init("mean"), .init("std"),
        ])
        // Two columns of zeros would say nothing.
        if !notFinite.isEmpty { table.columns += [.init("NaN"), .init("infinite")] }
        for (tensor, found) in zip(tensors, statistics) {
            var cells = [printable(tensor.name), "\(tensor.shape)", tensor.type.rawValue]
            for value in [found.minimum, found.maximum, found.mean, found.standardDeviation] {
                cells.append(value.map { String(format: "%.4g", $0) } ?? "–")
            }
            if !notFinite.isEmpty { cells += ["\(found.nanCount)", "\(found.infinityCount)"] }
            table.add(cells, isAlarming: found.nanCount + found.infinityCount > 0)
        }
        return table
    }
}

extension TokenizerReport {
    fileprivate var text: String {
        switch self {
        case .inFile(let size): "in the file, \(size) tokens"
        case .beside(let path, let size): "\(path), \(size) tokens"
        case .program(let size): "its own, inside the program, \(size) tokens"
        case .bytes: "bytes"
        case .none(let reason): reason
        }
    }
}

extension [(String, String)] {
    /// One line each, the second texts below each other.
    fileprivate func aligned() -> [String] {
        let width = map(\.0.count).max() ?? 0
        return map { $0.0.padded(width + 2) + $0.1 }
    }
}

/// "512 bytes", "10.6 MB": with decimal units, as file sizes are given.
func describe(bytes: Int) -> String {
    var value = Double(bytes)
    if value < 1000 { return "\(bytes) byte\(bytes == 1 ? "" : "s")" }
    for unit in ["kB", "MB", "GB"] {
        value /= 1000
        if value < 999.5 || unit == "GB" {
            return "\(format(value, decimals: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)) \(unit)"
        }
    }
    return "\(bytes)"
}
