internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore

extension Router<ServerContext> {
    /// Refuses the methods that a path does not have with 405 and a list of those that it has. To be called after all routes
    /// have been added.
    func refuseOtherMethods() {
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options]
        for known in Dictionary(grouping: routes, by: { "\($0.path)" }).values {
            guard let path = known.first?.path else { continue }
            let names = known.map { $0.method.rawValue }.sorted().joined(separator: ", ")
            for method in methods where !known.contains(where: { $0.method == method }) {
                on(path, method: method) { _, _ -> Response in
                    var error = APIError(
                        .methodNotAllowed, "\(method.rawValue) is not possible here; there is: \(names)",
                        code: "method_not_allowed")
                    error.allowedMethods = names
                    throw error
                }
            }
        }
    }
}
