import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Serving
import Testing

@Suite("Encrypted connections")
struct TLSTests {
    // Made for this test: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
    private let chain = """
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASWgAwIBAgIUGXj+0hfm8MsmTDnP3rOugBEWy+owCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjE0NTYzOFoYDzIxMjYxMTAy
        MTQ1NjM4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARU29nTCfvCM9ere79Sxl+LZl/SGItSnoWVE7X9cl9jujAF+W9z1nNv
        EERPu7ZThPLbFWcVJ9lvVGZcWdPJO6Fvo1MwUTAdBgNVHQ4EFgQUtmz+71m/GVg4
        yL/3XSKclO7PUQEwHwYDVR0jBBgwFoAUtmz+71m/GVg4yL/3XSKclO7PUQEwDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAjXpOK+jhLqJK0+90fymd
        +RxutVx8Q++R+wdJzhO+YzICIAI0gc/7Ig9VW1D6oitZmCgx3iTcJpMOCOfhZSr2
        MQtK
        -----END CERTIFICATE-----
        """
    private let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgM8MmySnbRKnChYyS
        llhY4pUgv/M0x2VIkTxZS+QgC1uhRANCAARU29nTCfvCM9ere79Sxl+LZl/SGItS
        noWVE7X9cl9jujAF+W9z1nNvEERPu7ZThPLbFWcVJ9lvVGZcWdPJO6Fv
        -----END PRIVATE KEY-----
        """

    @Test("are made with a certificate from files; files that are none are named")
    func encrypted() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "tls-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["chain.pem", "key.pem"].map { folder.appendingPathComponent($0).path }
        try (chain + "\n").write(toFile: paths[0], atomically: true, encoding: .utf8)
        try (key + "\n").write(toFile: paths[1], atomically: true, encoding: .utf8)
        try await withServer({ $0.certificate = (paths[0], paths[1]) }) { client in
            var configuration = HTTPClient.Configuration()
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.certificateVerification = .none
            let http = HTTPClient(configuration: configuration)
            let response = try await http.execute(
                HTTPClientRequest(url: client.base + "/health"), timeout: .seconds(10))
            #expect(response.status == .ok)
            try await http.shutdown()
            await #expect(throws: (any Error).self) {
                try await client.send(
                    HTTPClientRequest(url: client.base.replacing("https", with: "http") + "/health"))
            }
        }
        var settings = ServerSettings()
        settings.certificate = (paths[1], paths[0])
        #expect(throws: ServerError.self) { try Server(settings, models: [byteModel("a")]) }
    }
}
