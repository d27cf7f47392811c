internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import Metrics

/// Turns every error into an answer in OpenAI's form, logs the request without its contents, and counts it.
struct RequestObserver: RouterMiddleware {
    let logger: Logger
    let metrics: PrometheusMetrics

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let told = APIError(error)
            if told.status.kind == .serverError, told.type == "server_error" {
                logger.error(
                    "a request failed",
                    metadata: ["error": "\(told.cause ?? "\(error)")", "path": "\(request.uri.path)"])
            }
            response = try told.response(from: request, context: context)
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        // The route's pattern, not the path: that may be anything and would make a series each.
        let route = context.endpointPath ?? "none"
        Counter(
            label: "rwkv_http_requests_total", dimensions: [("route", route), ("status", "\(response.status.code)")],
            factory: metrics
        ).increment()
        Recorder(label: "rwkv_http_request_seconds", dimensions: [("route", route)], factory: metrics).record(seconds)
        // Neither headers nor bodies: keys and conversations stay out of logs.
        logger.debug(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(route)", "status": "\(response.status.code)",
                "seconds": "\(seconds)", "key": "\(context.key?.name ?? "-")",
            ])
        return response
    }
}
