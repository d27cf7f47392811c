extension Unpickler {
    /// Replaces the tuple on the stack that names a storage by the storage.
    ///
    ///     ("storage", class, key, device, number of elements[, part])      torch.serialization, persistent_id
    ///
    /// `part` is `None` or (key, offset, number of elements), and only in the old layout.
    mutating func loadStorage() throws(CheckpointError) {
        let id = try pop()
        let fields = elements(of: id) ?? []
        guard fields.count >= 5, case .string("storage") = fields[0], case .global(.storageClass(let name)) = fields[1],
            case .string(let key) = fields[2], case .integer(let count) = fields[4], count >= 0
        else { throw unexpected(id, expected: "the description of a storage") }
        var storage = PickledStorage(key: key, className: name, elementCount: count)
        if fields.count > 5, let part = elements(of: fields[5]) {
            guard part.count == 3, case .integer(let offset) = part[1], case .integer(let partCount) = part[2],
                offset >= 0, partCount >= 0, offset <= count, partCount <= count - offset
            else { throw unexpected(fields[5], expected: "a part of the storage") }
            storage.part = (offset, partCount)
        }
        heap.storages.append(storage)
        stack.append(.storage(heap.storages.count - 1))
    }

    /// Replaces a class or function and its arguments by what Python's call would give, as far as it is needed.
    mutating func call() throws(CheckpointError) {
        let argumentTuple = try pop()
        guard let arguments = elements(of: argumentTuple) else {
            throw unexpected(argumentTuple, expected: "a tuple of arguments")
        }
        let callee = try pop()
        guard case .global(let function) = callee else { throw unexpected(callee, expected: "a class or function") }

        if function == .rebuildFromType {
            // (function, class, its arguments, attributes): a tensor with attributes of its own.
            guard arguments.count >= 3, case .global(let inner) = arguments[0], inner != .rebuildFromType,
                let innerArguments = elements(of: arguments[2])
            else { throw unexpected(argumentTuple, expected: "a function and its arguments") }
            return try call(inner, innerArguments)
        }
        try call(function, arguments)
    }

    private mutating func call(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(CheckpointError) {
        switch function {
        case .rebuildTensor, .rebuildTensorWithType: try rebuildTensor(function, arguments)
        case .rebuildParameter:
            // (tensor, requires gradient, hooks)
            guard case .tensor? = arguments.first else {
                throw unexpected(arguments.first ?? .none, expected: "a parameter's tensor")
            }
            stack.append(arguments[0])
        case .orderedDictionary: try makeDictionary(arguments)
        case .size:
            guard case .tuple? = arguments.first else {
                throw unexpected(arguments.first ?? .none, expected: "a tuple of extents")
            }
            stack.append(arguments[0])
        case .ignoredClass: stack.append(.opaque)
        case .storageClass, .type, .rebuildFromType:
            throw unexpected(.global(function), expected: "something that can be called")
        }
    }

    /// (storage, offset, shape, strides, requires gradient, hooks[, type])     torch._utils
    private mutating func rebuildTensor(
        _ function: PickleGlobal, _ arguments: [PickleValue]
    ) throws(CheckpointError) {
        guard arguments.count >= 4 else { throw .pickleStackUnderflow(offset: offset) }
        guard case .storage(let storage) = arguments[0] else {
            throw unexpected(arguments[0], expected: "a tensor's storage")
        }
        guard case .integer(let start) = arguments[1] else {
            throw unexpected(arguments[1], expected: "a tensor's offset")
        }
        var tensor = PickledTensor(
            storage: storage, offset: start, shape: try integers(arguments[2]), strides: try integers(arguments[3]))
        if function == .rebuildTensorWithType {
            guard arguments.count >= 7, case .global(.type(let name)) = arguments[6] else {
                throw unexpected(arguments.last ?? .none, expected: "a tensor's type")
            }
            tensor.typeName = name
        }
        heap.tensors.append(tensor)
        stack.append(.tensor(heap.tensors.count - 1))
    }

    /// An ordered dictionary from nothing or, as Python 2 wrote it, from a list of pairs.
    private mutating func makeDictionary(_ arguments: [PickleValue]) throws(CheckpointError) {
        var items: [(key: PickleValue, value: PickleValue)] = []
        if let list = arguments.first {
            guard let pairs = elements(of: list) else { throw unexpected(list, expected: "a list of pairs") }
            try charge(pairs.count)
            for pair in pairs {
                guard let pair = elements(of: pair), pair.count == 2 else {
                    throw unexpected(pair, expected: "a key and a value")
                }
                items.append((pair[0], pair[1]))
            }
        }
        push(dictionary: items)
    }

    private mutating func integers(_ value: PickleValue) throws(CheckpointError) -> [Int] {
        guard let elements = elements(of: value) else { throw unexpected(value, expected: "a tuple of integers") }
        try charge(elements.count)
        var integers: [Int] = []
        for element in elements {
            guard case .integer(let integer) = element else { throw unexpected(element, expected: "an integer") }
            integers.append(integer)
        }
        return integers
    }

    private func elements(of value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let index), .list(let index): heap.sequences[index]
        default: nil
        }
    }
}
