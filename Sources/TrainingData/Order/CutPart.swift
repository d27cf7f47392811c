internal import Tensors

/// A part of a training set, cut into sequences of up to T targets.
struct CutPart: Sendable {
    private enum Sequences {
        /// The tokens, T, and a key for the offsets.
        case windows(key: UInt64)
        /// Where the targets of each sequence begin and end, in the store that has this number.
        case documents([(store: Int, start: Int, count: Int)])
    }

    private let part: TrainingSet.Part
    private let contextLength: Int
    private let starts: [Int]
    private let total: Int
    private let sequences: Sequences

    /// The number of sequences of an epoch.
    let count: Int

    /// The mean number of targets in a sequence.
    var meanLength: Double {
        switch sequences {
        case .windows: Double(contextLength)
        case .documents(let list): list.reduce(0.0) { $0 + Double($1.count) } / Double(list.count)
        }
    }

    /// - Parameter key: Another key gives other offsets of windows.
    /// - Throws: `SequenceOrderError` unless there is a sequence.
    init(_ part: TrainingSet.Part, contextLength: Int, key: UInt64) throws(SequenceOrderError) {
        self.part = part
        var starts: [Int] = []
        var total = 0
        for store in part.stores {
            starts.append(total)
            total += store.count
        }
        (self.starts, self.total) = (starts, total)
        // A small file that has a weight is one window, be it shorter than the others.
        let contextLength = part.weight == nil ? contextLength : min(contextLength, max(1, total - 1))
        self.contextLength = contextLength
        switch part.cut {
        case .windows:
            guard total > contextLength else { throw .tooFewTokens(found: total, needed: contextLength + 1) }
            sequences = .windows(key: key)
            // One window less than fits leaves room for the offset; every epoch then has the same number.
            count = max(1, (total - 1) / contextLength - 1)
        case .documents:
            var list: [(store: Int, start: Int, count: Int)] = []
            for (index, store) in part.stores.enumerated() {
                for document in 0..<store.documentCount {
                    let range = store.document(document)
                    for start in stride(from: range.lowerBound, to: range.upperBound, by: contextLength) {
                        let end = min(start + contextLength, range.upperBound)
                        if store.hasCounted(start..<end) { list.append((index, start, end - start)) }
                    }
                }
            }
            guard !list.isEmpty else { throw .tooFewTokens(found: 0, needed: 1) }
            sequences = .documents(list)
            count = list.count
        }
    }

    /// The most targets that a sequence has.
    var longest: Int {
        switch sequences {
        case .windows: contextLength
        case .documents(let list): list.reduce(0) { max($0, $1.count) }
        }
    }

    /// A sequence of an epoch; `index` is below `count`.
    func sequence(_ index: Int, epoch: Int) -> TrainingSequence {
        switch sequences {
        case .windows(let key):
            var random = RandomNumbers(seed: key, stream: UInt64(epoch) + 1)
            let start = random.below(total - count * contextLength) + index * contextLength
            return window(start...start + contextLength)
        case .documents(let list):
            let (number, start, count) = list[index]
            let store = part.stores[number]
            let range = start..<start + count
            let targets = store.tokens(range)
            // A document begins after the mark of the one before, and so does what a model is given to go on from.
            let document = store.documentEnds.partitioningIndex { $0 > start }
            let before = start == store.document(document).lowerBound ? [0] : store.tokens(start - 1..<start)
            return TrainingSequence(tokens: before + targets, counted: store.counted(range))
        }
    }

    private func window(_ range: ClosedRange<Int>) -> TrainingSequence {
        var tokens: [Int32] = []
        var counted: [Bool] = []
        var everythingCounts = true
        var index = starts.partitioningIndex { $0 > range.lowerBound } - 1
        var position = range.lowerBound
        while position <= range.upperBound {
            let store = part.stores[index]
            let end = min(range.upperBound + 1, starts[index] + store.count)
            let own = position - starts[index]..<end - starts[index]
            tokens += store.tokens(own)
            if let some = store.counted(own) {
                everythingCounts = false
                counted += some
            } else {
                counted += [Bool](repeating: true, count: own.count)
            }
            position = max(position, end)
            index += 1
        }
        return TrainingSequence(tokens: tokens, counted: everythingCounts ? nil : Array(counted.dropFirst()))
    }
}
