public import Tensors

extension RWKVCppFile {
    /// Writes the official `tensors` of an RWKV-4 to RWKV-7 model as rwkv.cpp wants them, in version 101; the file appears
    /// whole or not at all.
    ///
    /// With `f16` all projections, embedding and head get that type; with a quantised type the projections of the blocks
    /// do, while embedding and head stay as they are, as in rwkv.cpp's own files. Everything else becomes `f32`. RWKV-5.1
    /// is written as the RWKV-5.2 that computes the same. The first layer's unused v0, v1 and v2 are left out.
    /// - Parameter type: `f32`, `f16`, `q8_0`, `q4_0`, `q4_1`, `q5_0` or `q5_1`; `nil` to keep the types that the format
    ///   has and write others as `f32`.
    /// - Throws: `CheckpointError`: `architectureNotInFormat`, `typeNotInFormat`, `missingTensor`, `unexpectedShape`,
    ///   `rowsNotWholeBlocks`, `duplicateName`; `isDirectory`, `notRegularFile`, `diskFull`, `cannotWrite`.
    /// - Complexity: O(bytes) time; one converted tensor at a time is held in memory.
    public static func write(
        _ tensors: [StoredTensor], type: DataType? = nil, to path: String
    ) throws(CheckpointError) {
        let model = try RWKVCppModelWriter(tensors, type: type)
        let file = try AtomicFile(path: path)
        try model.write(to: file)
        try file.commit()
    }

    /// Writes the bytes of such a file to `sink`.
    package static func write(
        _ tensors: [StoredTensor], type: DataType? = nil, to sink: any ByteSink
    ) throws(CheckpointError) {
        try RWKVCppModelWriter(tensors, type: type).write(to: sink)
    }
}

/// Turns the official tensors of an RWKV model into rwkv.cpp's.
struct RWKVCppModelWriter {
    private let head: [UInt8]
    private let planned: [PlannedTensor]

    /// Everything that can be wrong with the tensors is found here, before a file is opened.
    init(_ tensors: [StoredTensor], type: DataType?) throws(CheckpointError) {
        let format = RWKVCppFile.formatName
        let model = try OfficialModel(tensors, format: format, supported: [.rwkv4, .rwkv5, .rwkv6, .rwkv7])
        if let type, RWKVCppType.id(type) == nil {
            throw .typeNotInFormat(name: "the model", type: type, format: format)
        }
        planned = try Self.plan(model, type)
        let (vocabulary, width) = try model.sizes
        let blocks = planned.first { $0.name.hasSuffix("att.key.weight") }?.type ?? .f32
        var head = littleEndian(RWKVCppHeader.magic) + littleEndian(RWKVCppHeader.version)
        for size in [vocabulary, width, model.layerCount] { head += try Self.number(size) }
        self.head = head + littleEndian(RWKVCppType.id(blocks) ?? 0)
    }

    func write(to sink: any ByteSink) throws(CheckpointError) {
        try sink.write(head)
        for tensor in planned {
            let name = Array(tensor.name.utf8)
            var header = try Self.number(tensor.shape.extents.count) + Self.number(name.count)
            header += littleEndian(RWKVCppType.id(tensor.type) ?? 0)
            for extent in tensor.shape.extents.reversed() { header += try Self.number(extent) }
            try sink.write(header + name)
            try tensor.write(to: sink)
        }
    }

    private static func number(_ value: Int) throws(CheckpointError) -> [UInt8] {
        guard let number = Int32(exactly: value) else { throw .shapeTooLarge(name: "a size", extents: [value]) }
        return littleEndian(number)
    }

    private static func plan(_ model: OfficialModel, _ type: DataType?) throws(CheckpointError) -> [PlannedTensor] {
        let width = try model.sizes.width
        let hasGate = model.byName.keys.contains { $0.hasSuffix(".att.gate.weight") }
        let headSize = try model.version == .rwkv6 ? model.matrix("blocks.0.att.time_faaaa").columns : 0
        var layersWithVectors: Set<Int> = []
        var planned: [PlannedTensor] = []
        for tensor in model.tensors {
            guard let name = OfficialName(tensor.name) else {
                guard ["emb", "head", "ln_out"].contains(tensor.name.split(separator: ".").first ?? "") else {
                    throw .tensorNotInFormat(name: tensor.name, format: RWKVCppFile.formatName)
                }
                planned.append(try PlannedTensor(tensor, named: tensor.name, as: stored(tensor, type)))
                continue
            }
            if name.isUnused { continue }
            if model.version == .rwkv7, JoinedVectors.version7.names.contains(name.rest) {
                guard layersWithVectors.insert(name.layer).inserted else { continue }
                let block = "blocks.\(name.layer)."
                let joined = try JoinedVectors.version7.joined(block: block, model.byName) { [6, 1, $0] }
                planned.append(try PlannedTensor(joined, named: block + RWKVCppFile.joinedName, as: .f32))
                continue
            }
            let laidOut = try RWKVCppForm(name.rest, model.version).peer(
                tensor, width: width, headSize: headSize, hasGate: hasGate)
            guard laidOut.shape.extents.count <= RWKVCppHeader.maximumDimensions else {
                throw .tooManyDimensions(
                    name: tensor.name, count: laidOut.shape.extents.count, limit: RWKVCppHeader.maximumDimensions)
            }
            planned.append(try PlannedTensor(laidOut, named: tensor.name, as: stored(tensor, type)))
        }
        return planned
    }

    private static func stored(_ tensor: StoredTensor, _ type: DataType?) -> DataType {
        guard OfficialModel.isProjection(tensor) else { return .f32 }
        let own = RWKVCppType.id(tensor.type) == nil ? .f32 : tensor.type
        guard let type else { return own }
        if type.isQuantized, OfficialName(tensor.name) == nil { return own.isQuantized ? .f32 : own }
        return type
    }
}
