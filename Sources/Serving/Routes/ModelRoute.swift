internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore

/// `GET /v1/models`.
struct ModelRoute {
    let core: ServerCore

    private struct Model: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let ownedBy = "rwkv"

        enum CodingKeys: String, CodingKey {
            case id, object, created
            case ownedBy = "owned_by"
        }
    }

    private struct List: Encodable {
        let object = "list"
        let data: [Model]
    }

    func list() throws -> Response {
        try .json(List(data: core.shelf.offered.map { model($0.name) }))
    }

    func one(_ name: String?) throws -> Response {
        guard let found = core.shelf.offered.first(where: { $0.name == name }) else {
            throw APIError(
                .notFound, "there is no model “\(name ?? "")”", param: "model", code: "model_not_found")
        }
        return try .json(model(found.name))
    }

    private func model(_ name: String) -> Model {
        Model(id: name, created: Int(core.began.timeIntervalSince1970))
    }
}
