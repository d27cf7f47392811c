public import Tensors

extension PyTorchFile {
    /// Writes `tensors` as a dictionary that `torch.load(path, weights_only=True)` gives back; the file appears whole or
    /// not at all.
    ///
    /// Each tensor gets a storage of its own, aligned to 64 bytes, so that `torch.load(…, mmap=True)` works too. The same
    /// tensors give the same bytes.
    /// - Throws: `CheckpointError`: `duplicateName`; `typeNotInFormat` for a quantised tensor; `isDirectory`, `notRegularFile`, `diskFull`, `cannotWrite`.
    /// - Complexity: O(bytes) time, each byte read twice (for its checksum first); no copy of the data is made.
    public static func write(_ tensors: [StoredTensor], to path: String) throws(CheckpointError) {
        try check(tensors)
        let file = try AtomicFile(path: path)
        try write(tensors, to: file)
        try file.commit()
    }

    /// Writes the bytes of such a file to `sink`.
    package static func write(_ tensors: [StoredTensor], to sink: any ByteSink) throws(CheckpointError) {
        try check(tensors)
        let zip = ZipWriter(to: sink)
        try zip.add("archive/data.pkl", pickle(tensors))
        try zip.add("archive/.format_version", Array("1".utf8))
        try zip.add("archive/.storage_alignment", Array("64".utf8))
        try zip.add("archive/byteorder", Array("little".utf8))
        for (key, tensor) in tensors.enumerated() { try zip.add("archive/data/\(key)", tensor) }
        try zip.add("archive/version", Array("3\n".utf8))
        try zip.finish()
    }

    private static func check(_ tensors: [StoredTensor]) throws(CheckpointError) {
        var names: Set<String> = []
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else { throw .duplicateName(name: tensor.name) }
            guard TorchType.storageClass(of: tensor.type) != nil else {
                throw .typeNotInFormat(name: tensor.name, type: tensor.type, format: formatName)
            }
        }
    }

    /// The dictionary as a pickle of protocol 2, as torch.save writes it but for the memo, which nothing here needs.
    private static func pickle(_ tensors: [StoredTensor]) -> [UInt8] {
        var pickle = PickleWriter()
        pickle.write(.emptyDict)
        pickle.write(.mark)
        for (key, tensor) in tensors.enumerated() {
            pickle.write(text: tensor.name)
            pickle.write(global: "torch._utils", "_rebuild_tensor_v2")
            pickle.write(.mark)

            pickle.write(.mark)
            pickle.write(text: "storage")
            pickle.write(global: "torch", TorchType.storageClass(of: tensor.type) ?? "")
            pickle.write(text: String(key))
            pickle.write(text: "cpu")
            pickle.write(integer: tensor.shape.count)
            pickle.write(.tuple)
            pickle.write(.binpersid)

            pickle.write(integer: 0)
            pickle.write(integers: tensor.shape.extents)
            pickle.write(integers: rowMajorStrides(tensor.shape.extents))
            pickle.write(.newfalse)
            pickle.write(global: "collections", "OrderedDict")
            pickle.write(.emptyTuple)
            pickle.write(.reduce)

            pickle.write(.tuple)
            pickle.write(.reduce)
        }
        pickle.write(.setitems)
        pickle.write(.stop)
        return pickle.bytes
    }

    /// PyTorch counts an extent of 0 as 1 here.
    private static func rowMajorStrides(_ extents: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: extents.count)
        for i in extents.indices.dropLast().reversed() { strides[i] = strides[i + 1] * max(extents[i + 1], 1) }
        return strides
    }
}
