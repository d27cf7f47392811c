import Tensors

/// What one tensor of a dialect is called by BlinkDL, and how its elements have to be rearranged.
struct NameRule: Sendable {
    /// The layers that have the tensor.
    enum Scope {
        case every, first, later

        func contains(_ layer: Int) -> Bool {
            switch self {
            case .every: true
            case .first: layer == 0
            case .later: layer > 0
            }
        }
    }

    /// How the elements are rearranged.
    enum Form: Sendable {
        /// Not at all: the tensor stays where it is.
        case same
        /// `[a, b]` becomes `[b, a]`, in memory of its own.
        case transposed
        /// Row j becomes the j-th of several vectors, each where it is.
        case rows
        /// Whatever this function does.
        case custom(@Sendable (StoredTensor) throws(CheckpointError) -> StoredTensor)
    }

    let foreign: String
    let canonical: [String]
    var form = Form.same
    var scope = Scope.every
    var isOptional = false

    init(
        _ foreign: String, _ canonical: String, _ form: Form = .same, in scope: Scope = .every, isOptional: Bool = false
    ) {
        self.foreign = foreign
        self.canonical = [canonical]
        self.form = form
        self.scope = scope
        self.isOptional = isOptional
    }

    /// A matrix whose rows are the vectors `canonical`.
    init(_ foreign: String, rows canonical: [String]) {
        self.foreign = foreign
        self.canonical = canonical
        form = .rows
    }

    /// A norm's weight and bias.
    static func norm(_ foreign: String, _ canonical: String, in scope: Scope = .every) -> [NameRule] {
        ["weight", "bias"].map { NameRule("\(foreign).\($0)", "\(canonical).\($0)", in: scope) }
    }

    /// A tensor that has the same name in both.
    static func same(_ name: String, isOptional: Bool = false) -> NameRule {
        NameRule(name, name, isOptional: isOptional)
    }

    /// The tensors that `tensor` becomes, their names begun with `prefix`.
    func translate(_ tensor: StoredTensor, prefix: String) throws(CheckpointError) -> [StoredTensor] {
        let names = canonical.map { prefix + $0 }
        switch form {
        case .same: return [tensor.renamed(names[0])]
        case .transposed: return [try tensor.transposed().renamed(names[0])]
        case .custom(let rearrange): return [try rearrange(tensor).renamed(names[0])]
        case .rows:
            let rows = try tensor.matrixRows()
            guard rows.count == names.count else {
                throw .dialectShapeMismatch(
                    name: tensor.name, needed: "\(names.count) rows", found: tensor.shape)
            }
            return zip(rows, names).map { $0.renamed($1) }
        }
    }
}
