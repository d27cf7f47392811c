/// Files that people open in place of a checkpoint, recognised so that the message can say what they are.
public enum ForeignContent: String, Sendable, CaseIterable {
    case gitLFSPointer
    case gzip
    case html
    case xml
    case json
    case pickle

    /// Whether a file that begins with `prefix` is one.
    func recognizes(_ prefix: [UInt8]) -> Bool {
        switch self {
        case .gitLFSPointer: prefix.starts(with: "version https://git-lfs".utf8)
        case .gzip: prefix.starts(with: [0x1F, 0x8B])
        case .html: text(prefix, startsWith: "<!doctype html") || text(prefix, startsWith: "<html")
        case .xml: text(prefix, startsWith: "<?xml")
        case .json: text(prefix, startsWith: "{") || text(prefix, startsWith: "[")
        case .pickle: prefix.count > 1 && prefix[0] == 0x80 && (2...5).contains(prefix[1])
        }
    }

    /// What the file is and what to do about it, as the end of “this is …”.
    var explanation: String {
        switch self {
        case .gitLFSPointer: "a Git LFS pointer, not the file itself; fetch the file with “git lfs pull”"
        case .gzip: "a gzip-compressed file; decompress it first"
        case .html: "a web page (HTML), not a checkpoint; the download went wrong"
        case .xml: "an XML text, not a checkpoint; the download went wrong"
        case .json: "a JSON text, not a checkpoint"
        case .pickle: "a Python pickle that torch.save did not write"
        }
    }
}

private func text(_ prefix: [UInt8], startsWith start: String) -> Bool {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = prefix.starts(with: byteOrderMark) ? prefix.dropFirst(3) : prefix[...]
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let lowercased = text.drop { blanks.contains($0) }.prefix(start.utf8.count).map {
        (0x41...0x5A).contains($0) ? $0 | 0x20 : $0
    }
    return lowercased.elementsEqual(start.utf8)
}
