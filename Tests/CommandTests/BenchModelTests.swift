import Foundation
import Tensors
import Testing

@Suite("rwkv bench model")
struct BenchModelTests {
    @Test("measures the types and numbers of threads asked for, and says so as JSON")
    func json() throws {
        let result = try Program.run(
            "bench", "model", "--random", "rwkv7:L2:D64:V100", "--types", "f32,bf16,q8_0,q4_0", "--threads", "1,2",
            "--prefill", "8", "--decode", "2", "--batch", "2,3", "--rounds", "1",
            "--loss-tokens", "20", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let rows = try #require(report["results"] as? [[String: Any]])
        #expect(rows.map { $0["type"] as? String } == ["F32", "F32", "BF16", "BF16", "Q8_0", "Q8_0", "Q4_0", "Q4_0"])
        #expect(rows.map { $0["threads"] as? Int } == [1, 2, 1, 2, 1, 2, 1, 2])
        // Narrower weights are fewer bytes to read, and each rate was measured.
        let bytes = rows.compactMap { $0["bytes_per_token"] as? Int }
        #expect(bytes == bytes.sorted(by: >))
        // Activations as bytes lose something with quantised weights, and bf16 ones where there are such.
        let losses = rows.map { $0["fast_kl_divergence"] as? Double }
        #expect(losses[..<2].allSatisfy { $0 == nil })
        #expect(losses[2...3].allSatisfy { ($0 != nil) == Kernels.best.prefersBF16 })
        #expect(losses[4...].allSatisfy { $0.map { $0 > 0 && $0 < 0.1 } ?? false }, "\(losses)")
        #expect(losses[4] == losses[5] && losses[6] == losses[7])
        for row in rows {
            for key in ["decode_tokens_per_second", "prefill_tokens_per_second", "share_of_read_bandwidth"] {
                #expect((row[key] as? Double ?? 0) > 0, "\(key)")
            }
            #expect((row["batched_tokens_per_second"] as? [String: Double])?.keys.sorted() == ["2", "3"])
        }
    }

    @Test("says where the time of the prompt, of decoding and of each batch goes", arguments: [8, 0])
    func profiles(prefill: Int) throws {
        let result = try Program.run(
            "bench", "model", "--random", "rwkv7:L2:D64:V100", "--types", "q8_0", "--threads", "1",
            "--prefill", "\(prefill)", "--decode", "2", "--batch", "3", "--rounds", "1", "--loss-tokens", "20",
            "--profile", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let row = try #require((report["results"] as? [[String: Any]])?.first)
        let profiles = try #require(row["profiles"] as? [String: [String: Any]])
        #expect(profiles.keys.sorted() == ["1", "3"] + (prefill > 0 ? ["prompt"] : []))
        for (work, profile) in profiles {
            let ops = try #require(profile["ops"] as? [[String: Any]])
            // Six products with matrices in each of two layers, and the head.
            let products = ops.first { $0["op"] as? String == "linear" }
            #expect(products?["calls_per_step"] as? Double == 13, "\(work): \(ops)")
            let parts = ops.compactMap { $0["seconds_per_token"] as? Double }.reduce(0, +)
            let outside = try #require(profile["seconds_outside_of_ops"] as? Double)
            let whole = try #require(profile["seconds_per_token"] as? Double)
            #expect(parts > 0 && (outside == 0 || abs(parts + outside - whole) < 1e-9 * whole), "\(work)")
        }
    }

    @Test(
        "refuses what it cannot measure as wrong usage",
        arguments: [
            ["--random", "rwkv9:L2:D64"], ["--random", "rwkv7:L2"], ["--random", "rwkv7:L2:D64:D64"],
            ["--types", "i8"], ["--threads", "0"], ["--random", "rwkv7:L2:D64", "--model", "x.pth"],
        ])
    func refuses(arguments: [String]) throws {
        let result = try Program.run(["bench", "model"] + arguments)
        #expect(result.status == 64)
    }
}
