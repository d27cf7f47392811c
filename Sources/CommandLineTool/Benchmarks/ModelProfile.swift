internal import RWKV

/// Where the time of some tokens went.
struct ModelProfile {
    let tokenCount: Int
    /// How often the model was called for them.
    let steps: Int
    /// All of it, with no clock around the ops.
    let seconds: Double
    let ops: [OpProfile.Entry]

    /// Takes the same steps with and without a profile, in turns, so that a machine whose speed changes is as fast for both.
    /// - Parameters:
    ///   - tokenCount: The tokens of all steps.
    ///   - steps: How often the model is called for them.
    ///   - plain: A step on a workspace without a profile.
    ///   - profiled: The same step on the workspace of `profile`.
    init(
        tokenCount: Int, steps: Int, _ profile: OpProfile, plain: () throws -> Void, profiled: () throws -> Void
    ) rethrows {
        // Once before it counts, for the memory.
        try plain()
        try profiled()
        profile.reset()
        let turns = min(steps, 32)
        var seconds = 0.0
        for turn in 0..<turns {
            let count = steps * (turn + 1) / turns - steps * turn / turns
            seconds += try time { for _ in 0..<count { try plain() } }
            for _ in 0..<count { try profiled() }
        }
        (self.tokenCount, self.steps, self.seconds, ops) = (tokenCount, steps, seconds, profile.entries)
    }

    /// What did not pass in the loops of an op: allocation, sharing out of buffers, the model's own code.
    var secondsOutside: Double { max(0, seconds - ops.reduce(0) { $0 + $1.seconds }) }

    func lines(_ style: Style) -> [String] {
        var table = TextTable([
            TextTable.Column("op", isText: true), TextTable.Column("calls"), TextTable.Column("µs/token"),
            TextTable.Column("share"),
        ])
        for op in ops { table.add(row(op.op, "\(op.calls / max(1, steps))", op.seconds)) }
        table.add(row("outside of ops", "", secondsOutside))
        return table.lines(style)
    }

    private func row(_ name: String, _ calls: String, _ time: Double) -> [String] {
        [
            name, calls, format(time * 1e6 / Double(tokenCount), decimals: 1),
            "\(format(100 * time / seconds, decimals: 1)) %",
        ]
    }

    var json: [String: Any] {
        let count = Double(tokenCount)
        return [
            "seconds_per_token": seconds / count, "seconds_outside_of_ops": secondsOutside / count,
            "ops": ops.map { op -> [String: Any] in
                [
                    "op": op.op, "calls_per_step": Double(op.calls) / Double(steps),
                    "seconds_per_token": op.seconds / count,
                ]
            },
        ]
    }
}
