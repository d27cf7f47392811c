internal import Foundation
internal import NIOCore

/// Why a server cannot start.
public enum ServerError: Error, Equatable, CustomStringConvertible {
    case noModels
    case twoModels(name: String)
    case certificate(chain: String, key: String, reason: String)
    case portInUse(host: String, port: Int)
    case unknownHost(String)
    case cannotListen(host: String, port: Int, reason: String)

    init(listening error: IOError, host: String, port: Int) {
        if error.errnoCode == EADDRINUSE {
            self = .portInUse(host: host, port: port)
        } else {
            self = .cannotListen(host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        }
    }

    public var description: String {
        switch self {
        case .noModels: "there is no model to serve"
        case .twoModels(let name): "two models are called “\(name)”"
        case .certificate(let chain, let key, let reason):
            "the certificate \(chain) with the key \(key) cannot be used: \(reason)"
        case .portInUse(let host, let port):
            "\(host):\(port) is in use by another program; end it, or name another port with --port (0 takes a free one)"
        case .unknownHost(let host): "there is no host “\(host)”; --host must be an address of this machine"
        case .cannotListen(let host, let port, let reason):
            "cannot listen at \(host):\(port): \(reason); --host must be an address of this machine, and --port one that you "
                + "may use"
        }
    }
}
