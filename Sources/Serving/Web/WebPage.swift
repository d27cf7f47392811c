internal import Crypto
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// The page at `/`: a chat in the browser, in one file, without anything from elsewhere.
enum WebPage {
    private static let script = "\"use strict\";\n" + webPageView + webPageScript

    private static let html = ByteBuffer(
        string: """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>rwkv</title>
            <link rel="icon" href="data:,">
            <style>\(webPageStyle)</style>
            </head>
            <body>
            \(webPageBody)
            <script>\(script)</script>
            </body>
            </html>

            """)

    /// Only the page's own script and style run, it is shown in no frame, and it speaks to no other server.
    private static let policy =
        "default-src 'none'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; script-src 'sha256-\(digest(script))'; "
        + "style-src 'sha256-\(digest(webPageStyle))'"

    static func response(to request: Request) -> Response {
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: policy]
        headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: html))
    }

    private static func digest(_ text: String) -> String {
        Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }
}
