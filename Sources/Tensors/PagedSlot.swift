internal import CKernels

/// A slot of state that grows by a row for every token, of every sequence in a batch: what attention looks back at.
///
/// A sequence's rows stand in pages of `pageLength` tokens. Pages that are full never change again, so copies of a state
/// share them.
public struct PagedSlot {
    /// The tokens of a page.
    public static let pageLength = Int(CK_PAGE)

    /// Where each sequence's pages are.
    let pages: [[UnsafeMutablePointer<Float>]]
    /// How many tokens each sequence had before this call.
    let starts: [Int]
    // A backward pass may come when the states have long moved on.
    private let owners: [[Storage]]

    /// - Parameters:
    ///   - pages: Of every sequence, with room for the tokens of this call.
    ///   - offset: Where in a page the slot begins, in floats.
    ///   - starts: The tokens that each sequence has read before.
    public init(_ pages: [[Storage]], offset: Int, starts: [Int]) {
        owners = pages
        self.starts = starts
        self.pages = pages.map { sequence in
            sequence.map { page in
                guard let base = page.mutableBytes?.baseAddress else { preconditionFailure("a page owns its memory") }
                return base.assumingMemoryBound(to: Float.self) + offset
            }
        }
    }
}

/// The rows of a call that are of one sequence and of one page.
struct PageBlock {
    let sequence: Int
    let page: Int
    let rows: Range<Int>
    /// The place of the first row in the page.
    let place: Int

    /// The blocks of a batch, in order.
    static func blocks(_ layout: SequenceLayout, starts: [Int]) -> [PageBlock] {
        var blocks: [PageBlock] = []
        for (sequence, run) in layout.runs.enumerated() {
            var row = run.lowerBound
            while row < run.upperBound {
                let position = starts[sequence] + row - run.lowerBound
                let (page, place) = position.quotientAndRemainder(dividingBy: PagedSlot.pageLength)
                let end = min(run.upperBound, row + PagedSlot.pageLength - place)
                blocks.append(PageBlock(sequence: sequence, page: page, rows: row..<end, place: place))
                row = end
            }
        }
        return blocks
    }
}
