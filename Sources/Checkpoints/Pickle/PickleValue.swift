/// A value of a pickle. Compound values stand in a `PickleHeap` and are named here by their index.
///
/// Indices instead of references: hostile files may nest values a million deep or in circles, and neither may cost stack
/// space or leak when the values are dropped.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
    /// Something that is read past but never needed: bytes, huge integers, devices.
    case opaque

    /// What the value is, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an integer"
        case .float: "a float"
        case .string: "a string"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global: "a class or function"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .opaque: "an object"
        }
    }
}

/// The compound values of a pickle.
struct PickleHeap {
    /// The elements of tuples and lists.
    var sequences: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [PickledStorage] = []
    var tensors: [PickledTensor] = []
}

/// A storage as a pickle names it: the bytes are elsewhere in the file, under `key`.
struct PickledStorage {
    var key: String
    /// `FloatStorage`, `BFloat16Storage`, …
    var className: String
    var elementCount: Int
    /// The old layout's way of naming a part of a storage: where in it the part begins, and its length.
    var part: (offset: Int, count: Int)?

    /// The number of elements that tensors may use.
    var visibleCount: Int { part?.count ?? elementCount }
}

/// A tensor as a pickle names it: a view of a storage. Nothing is checked yet.
struct PickledTensor {
    /// Index in `PickleHeap.storages`.
    var storage: Int
    var offset: Int
    var shape: [Int]
    var strides: [Int]
    /// The element type by name, where the storage's class does not say it (`_rebuild_tensor_v3`).
    var typeName: String?
}
