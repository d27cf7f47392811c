import Foundation
import Testing

@Suite("rwkv bench length")
struct BenchLengthTests {
    private func report(_ architecture: String) throws -> [String: Any] {
        let result = try Program.run(
            "bench", "length", "--random", "\(architecture):L2:D64:V100", "--short", "300", "--long", "1500",
            "--decode",
            "2", "--rounds", "3", "--json")
        #expect(result.status == 0, "\(result.errors)")
        return try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    @Test(
        "sees that a recurrence remembers as much after a long text as after a short one",
        arguments: ["rwkv4", "rwkv7"])
    func recurrence(architecture: String) throws {
        let report = try report(architecture)
        let stops = try #require(report["stops"] as? [[String: Any]])
        #expect(stops.map { $0["tokens"] as? Int } == [300, 1500])
        let states = stops.compactMap { $0["state_bytes"] as? Int }
        let workspaces = stops.compactMap { $0["workspace_bytes"] as? Int }
        #expect(states.count == 2 && states[0] == states[1] && states[0] > 0)
        #expect(workspaces.count == 2 && workspaces[0] == workspaces[1] && workspaces[0] > 0)
        #expect((report["ratios"] as? [Double])?.count == 3)
        #expect((report["ratio"] as? Double ?? 0) > 0)
    }

    @Test("sees that attention remembers every token")
    func attention() throws {
        let stops = try #require(try report("transformer")["stops"] as? [[String: Any]])
        let states = stops.compactMap { $0["state_bytes"] as? Int }
        #expect(states.count == 2 && states[1] == 5 * states[0], "\(states)")
    }

    @Test(
        "refuses what it cannot measure as wrong usage",
        arguments: [["--short", "0"], ["--short", "10", "--long", "10"], ["--decode", "0"], ["--rounds", "0"]])
    func refuses(arguments: [String]) throws {
        #expect(try Program.run(["bench", "length"] + arguments).status == 64)
    }
}
