internal import RWKV

/// Where the time of some tokens went.
struct ModelProfile {
    let tokenCount: Int
    /// How often the model was called for them.
    let steps: Int
    /// All of it; where steps are short, with no clock around the ops.
    let seconds: Double
    let ops: [OpProfile.Entry]

    /// Takes steps with a profile and, where they are short, without it in turns with them, so that a machine whose speed
    /// changes is as fast for both.
    /// - Parameters:
    ///   - tokenCount: The tokens of all steps.
    ///   - steps: How often the model is called for them.
    ///   - profiled: A step on the workspace of `profile`.
    ///   - plain: The same on a workspace without one; `nil` if a step is so long that the clocks do not show in it: two
    ///     of them then differ by more than that.
    init(
        tokenCount: Int, steps: Int, _ profile: OpProfile, profiled: () throws -> Void,
        plain: (() throws -> Void)? = nil
    ) rethrows {
        // Once before it counts, for the memory.
        try plain?()
        try profiled()
        profile.reset()
        let turns = min(steps, 32)
        var seconds = 0.0
        for turn in 0..<turns {
            let count = steps * (turn + 1) / turns - steps * turn / turns
            let withProfile = try time { for _ in 0..<count { try profiled() } }
            seconds += try plain.map { plain in try time { for _ in 0..<count { try plain() } } } ?? withProfile
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
