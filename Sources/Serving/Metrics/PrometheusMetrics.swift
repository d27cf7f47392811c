public import Metrics
internal import Synchronization

/// Collects metrics and writes them in Prometheus' text format.
///
/// Source of the format: prometheus.io/docs/instrumenting/exposition_formats, “text-based format”.
public final class PrometheusMetrics: MetricsFactory {
    /// The upper bounds of the histograms' buckets, in seconds.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    private struct Key: Hashable {
        let label: String
        let dimensions: [String]
    }

    private struct Tables {
        var counters: [Key: Sample] = [:]
        var gauges: [Key: Sample] = [:]
        var histograms: [Key: Sample] = [:]
    }

    private let tables = Mutex(Tables())

    public init() {}

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        sample(label, dimensions, in: \.counters)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        sample(label, dimensions, in: \.gauges)
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        sample(label, dimensions, in: \.histograms)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        sample(label, dimensions, in: \.histograms)
    }

    // Samples are few and live as long as the registry.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func sample(
        _ label: String, _ dimensions: [(String, String)],
        in table: any WritableKeyPath<Tables, [Key: Sample]> & Sendable
    ) -> Sample {
        let pairs = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }
        let key = Key(label: Self.name(label), dimensions: pairs)
        return tables.withLock { tables in
            if let found = tables[keyPath: table][key] { return found }
            let sample = Sample()
            tables[keyPath: table][key] = sample
            return sample
        }
    }

    /// All metrics as text.
    public func text() -> String {
        let tables = tables.withLock { tables in tables }
        var lines: [String] = []
        write(tables.counters, "counter", into: &lines) { key, sample in
            ["\(key.label)\(Self.braces(key.dimensions)) \(Self.number(sample.values.sum))"]
        }
        write(tables.gauges, "gauge", into: &lines) { key, sample in
            ["\(key.label)\(Self.braces(key.dimensions)) \(Self.number(sample.values.sum))"]
        }
        write(tables.histograms, "histogram", into: &lines) { key, sample in
            let values = sample.values
            var rows: [String] = []
            var total = 0
            for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], values.buckets) {
                total += count
                rows.append("\(key.label)_bucket\(Self.braces(key.dimensions + ["le=\"\(bound)\""])) \(total)")
            }
            rows.append("\(key.label)_sum\(Self.braces(key.dimensions)) \(Self.number(values.sum))")
            rows.append("\(key.label)_count\(Self.braces(key.dimensions)) \(total)")
            return rows
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func write(
        _ table: [Key: Sample], _ type: String, into lines: inout [String], _ rows: (Key, Sample) -> [String]
    ) {
        let sorted = table.sorted {
            ($0.key.label, $0.key.dimensions.joined()) < ($1.key.label, $1.key.dimensions.joined())
        }
        var last: String?
        for (key, sample) in sorted {
            if key.label != last { lines.append("# TYPE \(key.label) \(type)") }
            last = key.label
            lines += rows(key, sample)
        }
    }

    private static func braces(_ pairs: [String]) -> String {
        pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One series: a sum, and how many values fell into each bucket.
final class Sample: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    struct Values {
        var sum = 0.0
        var buckets = [Int](repeating: 0, count: PrometheusMetrics.bounds.count + 1)
    }

    private let content = Mutex(Values())

    var values: Values { content.withLock { $0 } }

    func increment(by amount: Int64) { content.withLock { $0.sum += Double(amount) } }
    func reset() { content.withLock { $0 = Values() } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { content.withLock { $0.sum = value } }
    func increment(by amount: Double) { content.withLock { $0.sum += amount } }
    func decrement(by amount: Double) { content.withLock { $0.sum -= amount } }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

    func record(_ value: Double) {
        content.withLock { values in
            values.sum += value
            let bucket = PrometheusMetrics.bounds.firstIndex { value <= $0 } ?? PrometheusMetrics.bounds.count
            values.buckets[bucket] += 1
        }
    }
}
