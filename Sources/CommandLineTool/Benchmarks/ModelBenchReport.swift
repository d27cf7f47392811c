internal import Foundation
internal import RWKV

/// What a machine could do with some number of threads.
struct MachineLimits {
    /// Bytes per second, read in a straight line.
    let read: Double
    /// Floating-point operations per second of a product of 32-bit matrices, and of `bf16` ones where there is such.
    let products: Double
    let narrowProducts: Double?
}

/// The figures of models beside the machine's.
struct ModelBenchReport {
    let benches: [ModelBench]
    let limits: [Int: MachineLimits]
    let loadSeconds: [String: Double]
    /// By type, that of activations as bytes from 32-bit ones.
    let losses: [String: Divergence]
    let plan: ModelBenchPlan
    /// Those of each bench, if asked for.
    let profiles: [[(work: MeasuredWork, profile: ModelProfile)]]

    func text() -> String {
        guard let first = benches.first else { return "" }
        let sizes = ModelSizes(first.model.configuration).sizes.map { "\($0.label) \($0.value)" }.joined(
            separator: ", ")
        var lines = [
            "\(first.model.configuration.architecture), \(first.model.parameterCount) parameters (\(sizes)); "
                + Kernels.best.name
        ]
        for (count, limit) in limits.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "\(threads(count)): reads \(format(limit.read / 1e9, decimals: 1)) GB/s, 32-bit product "
                    + "\(format(limit.products / 1e9, decimals: 0)) GFLOP/s"
                    + (limit.narrowProducts.map { ", bf16 product \(format($0 / 1e9, decimals: 0))" } ?? ""))
        }
        var columns = [TextTable.Column("weights", isText: true)]
        columns += ["threads", "MB/token", "decode/s", "of reading"].map { TextTable.Column($0) }
        if plan.prefillLength > 0 { columns += ["prefill/s", "GOP/s", "first"].map { TextTable.Column($0) } }
        columns += plan.batchSizes.map { TextTable.Column("batch \($0)/s") }
        columns.append(TextTable.Column("load"))
        if !losses.isEmpty { columns.append(TextTable.Column("KL fast")) }
        var table = TextTable(columns)
        for bench in benches {
            guard let limit = limits[bench.threadCount] else { continue }
            let share = Double(bench.bytesPerToken) / bench.decode / limit.read
            var cells = [
                bench.type.rawValue, "\(bench.threadCount)", format(Double(bench.bytesPerToken) / 1e6, decimals: 1),
                format(1 / bench.decode, decimals: 1), "\(format(100 * share, decimals: 0)) %",
            ]
            if plan.prefillLength > 0 {
                cells += [
                    format(1 / bench.prefill, decimals: 0),
                    format(bench.operationsPerPromptToken / bench.prefill / 1e9, decimals: 0),
                    milliseconds(bench.firstToken),
                ]
            }
            cells += plan.batchSizes.map { format(1 / (bench.batches[$0] ?? .infinity), decimals: 0) }
            cells.append(milliseconds(loadSeconds[bench.type.rawValue] ?? 0))
            if !losses.isEmpty {
                cells.append(losses[bench.type.rawValue].map { format($0.meanDivergence, decimals: 6) } ?? "-")
            }
            table.add(cells)
        }
        lines += table.lines(Style.ofStandardOutput)
        lines.append("peak memory of the process: \(format(Double(ProcessMemory.peak) / 1e6, decimals: 0)) MB")
        for (bench, profile) in zip(benches, profiles) {
            for (work, profile) in profile {
                let title =
                    switch work {
                    case .prompt: "reading \(plan.prefillLength) tokens"
                    case .decoding(1): "decoding"
                    case .decoding(let size): "decoding \(size) sequences"
                    }
                lines += ["", "\(title) with \(bench.type.rawValue) weights on \(threads(bench.threadCount))"]
                lines += profile.lines(Style.ofStandardOutput)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func json() throws -> String {
        let rows: [[String: Any]] = benches.enumerated().map { index, bench in
            var row: [String: Any] = [
                "type": bench.type.rawValue, "threads": bench.threadCount, "bytes_per_token": bench.bytesPerToken,
                "decode_tokens_per_second": 1 / bench.decode,
                "load_seconds": loadSeconds[bench.type.rawValue] ?? 0,
                "batched_tokens_per_second": Dictionary(
                    uniqueKeysWithValues: bench.batches.map { ("\($0.key)", 1 / $0.value) }),
            ]
            if let limit = limits[bench.threadCount] {
                row["share_of_read_bandwidth"] = Double(bench.bytesPerToken) / bench.decode / limit.read
            }
            if plan.prefillLength > 0 {
                row["prefill_length"] = plan.prefillLength
                row["prefill_tokens_per_second"] = 1 / bench.prefill
                row["prefill_operations_per_second"] = bench.operationsPerPromptToken / bench.prefill
                row["seconds_to_first_token"] = bench.firstToken
            }
            if let loss = losses[bench.type.rawValue] {
                row["fast_kl_divergence"] = loss.meanDivergence
                row["fast_kl_tokens"] = loss.tokenCount
            }
            if index < profiles.count {
                row["profiles"] = Dictionary(
                    profiles[index].map { (key($0.work), $0.profile.json) }, uniquingKeysWith: { first, _ in first })
            }
            return row
        }
        let machine = limits.sorted { $0.key < $1.key }.map { count, limit in
            [
                "threads": Double(count), "read_bytes_per_second": limit.read, "product_flops": limit.products,
                "bf16_product_flops": limit.narrowProducts,
            ].compactMapValues { $0 }
        }
        let report: [String: Any] = [
            "kernels": Kernels.best.name, "machine": machine, "results": rows, "peak_memory_bytes": ProcessMemory.peak,
            "architecture": benches.first?.model.configuration.architecture ?? "",
            "parameters": benches.first?.model.parameterCount ?? 0,
        ]
        let data = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private func key(_ work: MeasuredWork) -> String {
        switch work {
        case .prompt: "prompt"
        case .decoding(let size): "\(size)"
        }
    }

    private func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }

    private func milliseconds(_ seconds: Double) -> String { "\(format(seconds * 1e3, decimals: 0)) ms" }
}
