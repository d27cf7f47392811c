import Tensors

/// The tensors and plain values of a pickled state dict, its nested dictionaries and lists flattened.
///
/// `{"model": {"emb.weight": tensor}, "step": 3}` gives the tensor `model.emb.weight` and the metadata `step = "3"`.
/// Elements of lists and tuples are named by their numbers from 0. Plain values in lists, `None`, and whatever stands
/// under a key that is neither string nor integer are left out.
struct StateDictionary {
    /// More levels than any checkpoint has.
    static let maximumDepth = 16

    private(set) var tensors: [StoredTensor] = []
    private(set) var metadata: [String: String] = [:]

    private let heap: PickleHeap
    private var views: TensorViews
    private var names: Set<String> = []
    private var cost = 0

    init(root: PickleValue, heap: PickleHeap, views: TensorViews) throws(CheckpointError) {
        self.heap = heap
        self.views = views
        switch root {
        case .dictionary, .list, .tuple: try add(root, name: nil, depth: 0)
        default: throw .notStateDictionary(found: root.kind)
        }
    }

    private mutating func add(_ value: PickleValue, name: String?, depth: Int) throws(CheckpointError) {
        guard depth <= Self.maximumDepth else { throw .nestingTooDeep(limit: Self.maximumDepth) }
        // Dictionaries that share others unfold to exponentially many names; real ones stay far below this.
        cost += 32 + (name?.utf8.count ?? 0)
        guard cost <= Unpickler.maximumByteCount else { throw .pickleTooLarge(limit: Unpickler.maximumByteCount) }

        switch value {
        case .dictionary(let index):
            for (key, value) in heap.dictionaries[index] {
                guard let key = Self.text(ofKey: key) else { continue }
                let name = Self.join(name, key)
                if let text = Self.text(ofScalar: value) {
                    metadata[name] = text
                } else {
                    try add(value, name: name, depth: depth + 1)
                }
            }
        case .list(let index), .tuple(let index):
            for (number, value) in heap.sequences[index].enumerated() {
                try add(value, name: Self.join(name, String(number)), depth: depth + 1)
            }
        case .tensor(let index):
            let name = name ?? ""
            guard names.insert(name).inserted else { throw .duplicateName(name: name) }
            let tensor = heap.tensors[index]
            tensors.append(try views.resolve(tensor, in: heap.storages[tensor.storage], name: name))
        default: break
        }
    }

    private static func join(_ prefix: String?, _ name: String) -> String { prefix.map { "\($0).\(name)" } ?? name }

    private static func text(ofKey key: PickleValue) -> String? {
        switch key {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    private static func text(ofScalar value: PickleValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .float(let number): String(number)
        case .bool(let flag): String(flag)
        default: nil
        }
    }
}
