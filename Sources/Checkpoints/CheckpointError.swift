public import Tensors

/// What can be wrong with a checkpoint: a case per defect, grouped by the layer that notices it.
public enum CheckpointError: Error, Equatable {
    // Files
    case missingFile(path: String)
    case isDirectory(path: String)
    case notRegularFile(path: String)
    case emptyFile(path: String)
    case cannotOpen(path: String, reason: String)
    case cannotMap(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    case diskFull(path: String)

    // Contents of any kind
    case unknownContent(firstBytes: [UInt8])
    case foreignContent(ForeignContent)
    case truncated(what: String, offset: Int, needed: Int, available: Int)

    // Tensors of any format
    case duplicateName(name: String)
    case reservedName(name: String)
    case unsupportedType(name: String, type: String)
    case shapeTooLarge(name: String, extents: [Int])
    case tooManyDimensions(name: String, count: Int, limit: Int)
    case rowsNotWholeBlocks(name: String, rowLength: Int, type: DataType)
    case typeNotInFormat(name: String, type: DataType, format: String)
    case unexpectedShape(name: String, found: Shape, needed: String)
    case invalidWeight(name: String, value: Float, needed: String)
    case missingTensor(name: String)

    // Safetensors
    case headerTooLarge(byteCount: UInt64, limit: Int)
    case headerOutsideFile(byteCount: Int, available: Int)
    case headerNotUTF8
    case headerNotJSON(reason: String)
    case headerMetadataNotText
    case headerEntryIncomplete(name: String, missing: String)
    case offsetsReversed(name: String, begin: Int, end: Int)
    case byteCountMismatch(name: String, shape: Shape, type: DataType, expected: Int, found: Int)
    case tensorOutsideData(name: String, begin: Int, end: Int, dataByteCount: Int)
    case tensorsOverlap(name: String, begin: Int, previousEnd: Int)
    case gapBeforeTensor(name: String, begin: Int, previousEnd: Int)
    case uncoveredBytes(count: Int)

    // GGUF, and rwkv.cpp's format where it is like it
    case unsupportedVersion(format: String, version: UInt32, supported: [UInt32])
    case bigEndianVersion(UInt32)
    case architectureNotInFormat(found: String, format: String, supported: [String])
    case nameNotUTF8(offset: Int)
    case unknownValueType(key: String, type: UInt32)
    case arraysTooDeep(key: String, limit: Int)
    case missingKey(String)
    case invalidKey(String, found: String, needed: String)
    case tensorMisaligned(name: String, offset: Int, alignment: Int)
    case removedType(name: String, type: String)
    case headerContradicted(what: String, header: Int, found: Int)
    case tensorNotInFormat(name: String, format: String)
    case vocabularyTooLarge(tokenCount: Int, rowCount: Int)

    // The zip container of .pth files
    case zipDirectoryMissing
    case zipDirectoryMalformed(reason: String)
    case zipEntryMissing(name: String)
    case zipEntryRepeated(name: String)
    case zipEntryMalformed(name: String, reason: String)
    case zipEntryCompressed(name: String, method: Int)
    case zipEntryEncrypted(name: String)
    case zipChecksumMismatch(name: String, stored: UInt32, computed: UInt32)

    // The pickle inside .pth files
    case pickleUnsupportedProtocol(version: Int)
    case pickleUnsupportedOpcode(opcode: UInt8, offset: Int)
    case pickleForbiddenGlobal(module: String, name: String)
    case pickleStackUnderflow(offset: Int)
    case pickleMarkMissing(offset: Int)
    case pickleMemoMissing(index: Int, offset: Int)
    case pickleUnexpectedValue(offset: Int, expected: String, found: String)
    case pickleTooLarge(limit: Int)

    // What torch.save puts around and into the pickle
    case bigEndian
    case legacyHeaderMalformed(reason: String)
    case notStateDictionary(found: String)
    case nestingTooDeep(limit: Int)
    case storageMissing(key: String)
    case storageSizeMismatch(key: String, expected: Int, found: Int)
    case viewOutsideStorage(name: String, offset: Int, shape: [Int], strides: [Int], elementCount: Int)
    case viewsTooLarge(name: String, limit: Int)

    // Names of other projects
    case dialectTensorMissing(name: String, dialect: String)
    case dialectTensorsUnknown(names: [String], dialect: String)
    case dialectShapeMismatch(name: String, needed: String, found: Shape)

    // Folders
    case folderWithoutModel(path: String, checkpoints: [String])
    case indexMalformed(path: String, reason: String)
    case shardOutsideFolder(name: String)
    case shardMissing(name: String)
    case shardLacksTensor(name: String, shard: String)
    case tensorInTwoShards(name: String, first: String, second: String)
    indirect case inShard(name: String, defect: CheckpointError)

    // Adapters
    case adapterInsteadOfModel(found: TensorFileKind)
    case notAnAdapter(needed: TensorFileKind, found: TensorFileKind)
    case loraFactorMissing(name: String)
    case loraFactorsMismatch(name: String, a: Shape, b: Shape)
    case loraMatrixUnknown(name: String)
    case loraTensorUnknown(name: String)
    case loraShapeMismatch(name: String, needed: Shape, found: Shape)
    case loraAlphaOutOfRange(alpha: Float)
    case loraAlphaWithPiSSA
    case tunedStateMissing(name: String)
    case tunedStateShapeMismatch(name: String, needed: String, found: Shape)
    case tunedStateForOtherModel(what: String, needed: Int, found: Int)
    case modelWithoutMatrixState
    indirect case inAdapter(path: String, defect: CheckpointError)
}
