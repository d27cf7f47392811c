import Tensors

extension CheckpointError: CustomStringConvertible {
    public var description: String {
        fileDescription ?? tensorDescription ?? safetensorsDescription ?? ggmlDescription ?? pyTorchDescription
            ?? namingDescription ?? folderDescription ?? adapterDescription ?? "unknown defect"
    }

    private var fileDescription: String? {
        switch self {
        case .missingFile(let path): "there is no file \(quoted(path))"
        case .isDirectory(let path): "\(quoted(path)) is a directory, not a file"
        case .notRegularFile(let path): "\(quoted(path)) is a device, pipe or socket, not a regular file"
        case .emptyFile(let path): "\(quoted(path)) is empty"
        case .cannotOpen(let path, let reason): "\(quoted(path)) cannot be opened: \(reason)"
        case .cannotMap(let path, let reason): "\(quoted(path)) cannot be mapped into memory: \(reason)"
        case .cannotWrite(let path, let reason): "\(quoted(path)) cannot be written: \(reason)"
        case .diskFull(let path): "no space is left on the disk for \(quoted(path))"
        default: nil
        }
    }

    private var tensorDescription: String? {
        switch self {
        case .unknownContent(let bytes):
            "this is in no known format (\(CheckpointFile.formatNames)); it begins with \(hexadecimal(bytes))"
        case .foreignContent(let content): "this is \(content.explanation)"
        case .truncated(let what, let offset, let needed, let available):
            "the \(what) is cut off: at byte \(offset) of the file, \(needed) bytes are needed and \(available) are left"
        case .duplicateName(let name): "the name \(quoted(name)) occurs twice"
        case .reservedName(let name): "a tensor cannot be called \(quoted(name)): the format keeps that name to itself"
        case .unsupportedType(let name, let type): "\(quoted(name)) holds \(printable(type)), which is not supported"
        case .shapeTooLarge(let name, let extents):
            "\(quoted(name)) has more elements than can be counted: \(brief(extents))"
        case .tooManyDimensions(let name, let count, let limit):
            "\(quoted(name)) has \(count) dimensions; at most \(limit) are allowed"
        case .rowsNotWholeBlocks(let name, let rowLength, let type):
            "\(quoted(name)) has rows of \(rowLength) numbers; \(type.rawValue) needs a multiple of \(type.blockLength)"
        case .typeNotInFormat(let name, let type, let format):
            "\(quoted(name)) is \(type.rawValue), which the format \(format) cannot hold"
        case .unexpectedShape(let name, let found, let needed):
            "\(quoted(name)) is \(brief(found.extents)); needed is \(needed)"
        case .invalidWeight(let name, let value, let needed):
            "\(quoted(name)) holds \(value); needed is \(needed)"
        case .missingTensor(let name): "there is no tensor \(quoted(name))"
        default: nil
        }
    }

    private var safetensorsDescription: String? {
        switch self {
        case .headerTooLarge(let byteCount, let limit):
            "the header claims \(byteCount) bytes; at most \(limit) are allowed"
        case .headerOutsideFile(let byteCount, let available):
            "the header claims \(byteCount) bytes, but the file has only \(available) after the length"
        case .headerNotUTF8: "the header is not UTF-8 text"
        case .headerNotJSON(let reason):
            "the header is not JSON, or has a number that is no integer of 64 bits: \(printable(reason))"
        case .headerMetadataNotText: "the header's “__metadata__” does not give a text for each name"
        case .headerEntryIncomplete(let name, let missing):
            "the header's entry \(quoted(name)) has no valid \(quoted(missing))"
        case .offsetsReversed(let name, let begin, let end):
            "\(quoted(name)) begins at \(begin) and ends before, at \(end)"
        case .byteCountMismatch(let name, let shape, let type, let expected, let found):
            "\(quoted(name)) \(shape) of \(type.rawValue) takes \(expected) bytes; the header gives it \(found)"
        case .tensorOutsideData(let name, let begin, let end, let dataByteCount):
            "\(quoted(name)) takes bytes \(begin)..<\(end) of the data, but the file has only \(dataByteCount)"
        case .tensorsOverlap(let name, let begin, let previousEnd):
            "\(quoted(name)) begins at \(begin), inside the tensor before it, which ends at \(previousEnd)"
        case .gapBeforeTensor(let name, let begin, let previousEnd):
            "\(quoted(name)) begins at \(begin), but the tensor before it ends at \(previousEnd): no gap is allowed"
        case .uncoveredBytes(let count): "the last \(count) bytes of the file belong to no tensor"
        default: nil
        }
    }

    private var pyTorchDescription: String? {
        switch self {
        case .zipDirectoryMissing: "the zip archive has no directory at its end; the file may be cut off"
        case .zipDirectoryMalformed(let reason): "the zip archive's directory is damaged: \(reason)"
        case .zipEntryMissing(let name): "the zip archive has no entry \(quoted(name))"
        case .zipEntryRepeated(let name): "the zip archive's entry \(quoted(name)) occurs twice"
        case .zipEntryMalformed(let name, let reason): "the zip archive's entry \(quoted(name)) is damaged: \(reason)"
        case .zipEntryCompressed(let name, let method):
            "the zip archive's entry \(quoted(name)) is compressed (method \(method)); PyTorch stores entries as they are"
        case .zipEntryEncrypted(let name): "the zip archive's entry \(quoted(name)) is encrypted"
        case .zipChecksumMismatch(let name, let stored, let computed):
            "the zip archive's entry \(quoted(name)) has changed: its CRC-32 is \(hexadecimal(computed)), not \(hexadecimal(stored))"
        case .pickleUnsupportedProtocol(let version): "the pickle has protocol \(version); 2 to 5 are supported"
        case .pickleUnsupportedOpcode(let opcode, let offset):
            "the pickle has the opcode \(hexadecimal([opcode])) at byte \(offset) of the file, which no state dict needs"
        case .pickleForbiddenGlobal(let module, let name):
            "the pickle asks for \(quoted(module + "." + name)), which no state dict needs; nothing was run"
        case .pickleStackUnderflow(let offset):
            "the pickle takes a value from an empty stack at byte \(offset) of the file"
        case .pickleMarkMissing(let offset): "the pickle needs a mark at byte \(offset) of the file and has set none"
        case .pickleMemoMissing(let index, let offset):
            "the pickle recalls value \(index) at byte \(offset) of the file, which it never memorised"
        case .pickleUnexpectedValue(let offset, let expected, let found):
            "the pickle needs \(expected) at byte \(offset) of the file and has \(found)"
        case .pickleTooLarge(let limit): "the pickle is larger than any state dict needs (limit: \(limit))"
        case .bigEndian: "the file was saved on a big-endian machine, which is not supported"
        case .legacyHeaderMalformed(let reason): "the header of the old PyTorch layout is damaged: \(reason)"
        case .notStateDictionary(let found): "the file holds \(found), not a dictionary of tensors"
        case .nestingTooDeep(let limit):
            "the dictionaries are nested deeper than \(limit) levels or refer to each other"
        case .storageMissing(let key): "the file has no storage \(quoted(key))"
        case .storageSizeMismatch(let key, let expected, let found):
            "storage \(quoted(key)) needs \(expected) bytes; the file has \(found)"
        case .viewOutsideStorage(let name, let offset, let shape, let strides, let elementCount):
            "\(quoted(name)) (offset \(offset), shape \(brief(shape)), strides \(brief(strides))) leaves its storage of \(elementCount) elements"
        case .viewsTooLarge(let name, let limit):
            "with \(quoted(name)), the copies of non-contiguous tensors exceed \(limit) bytes, more than the file justifies"
        default: nil
        }
    }
}

/// `text` in quotation marks, fit for one line of a terminal.
///
/// Names come from files of strangers: control characters are escaped and long names are cut.
package func quoted(_ text: String) -> String { "“\(printable(text))”" }

/// `text` with what would move a terminal's cursor escaped, cut off where it gets long.
package func printable(_ text: String) -> String {
    let limit = 120
    let shown = text.unicodeScalars.prefix(limit).map {
        $0.properties.isControl ? $0.escaped(asASCII: true) : String($0)
    }
    return shown.joined() + (text.unicodeScalars.count > limit ? "…" : "")
}

extension Unicode.Scalar.Properties {
    fileprivate var isControl: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

func brief(_ numbers: [Int]) -> String {
    "[\(numbers.prefix(8).map(String.init).joined(separator: ", "))\(numbers.count > 8 ? ", …" : "")]"
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}

func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
