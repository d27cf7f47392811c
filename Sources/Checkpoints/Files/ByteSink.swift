package import Tensors

/// Takes the bytes of a file, piece after piece.
package protocol ByteSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError)
}

extension ByteSink {
    package func write(_ bytes: [UInt8]) throws(CheckpointError) {
        // `withUnsafeBytes` forgets the type of the error; the result keeps it.
        let result = bytes.withUnsafeBytes { piece in Result { () throws(CheckpointError) in try write(piece) } }
        try result.get()
    }

    package func write(_ tensor: StoredTensor) throws(CheckpointError) {
        let result = tensor.withBytes { piece in Result { () throws(CheckpointError) in try write(piece) } }
        try result.get()
    }
}
