extension HubError: CustomStringConvertible {
    public var description: String {
        requestDescription ?? serverDescription ?? connectionDescription ?? diskDescription ?? "unknown failure"
    }

    private var requestDescription: String? {
        switch self {
        case .invalidReference(let text):
            "“\(shown(text))” is not of the form OWNER/NAME or OWNER/NAME/FILE"
        case .invalidEndpoint(let text):
            "“\(shown(text))” is no address of a hub; it must be like https://huggingface.co"
        case .invalidProxy(let text): "“\(shown(text))” is no address of a proxy; it must be like http://host:3128"
        case .invalidToken: "the token (HF_TOKEN) holds characters that no token has"
        case .repositoryNotFound(let repository, let hasToken):
            "there is no model repository “\(shown(repository))”, or it is private"
                + (hasToken ? " and the token (HF_TOKEN) does not open it" : "; a token in HF_TOKEN opens your own")
        case .revisionNotFound(let repository, let revision):
            "“\(shown(repository))” has no revision “\(shown(revision))”"
        case .fileNotFound(let repository, let file): "“\(shown(repository))” has no file “\(shown(file))”"
        case .unauthorized(let repository, let hasToken):
            hasToken
                ? "the hub does not accept the token (HF_TOKEN) for “\(shown(repository))”"
                : "“\(shown(repository))” is private, gated or not there; name a token in HF_TOKEN"
        case .forbidden(let repository, let hasToken):
            "access to “\(shown(repository))” is restricted: ask for it on its page, then name "
                + (hasToken ? "the token of that account in HF_TOKEN" : "a token of your account in HF_TOKEN")
        default: nil
        }
    }

    private var serverDescription: String? {
        switch self {
        case .tooManyRequests(let host, let seconds):
            "\(host) has had too many requests" + (seconds.map { " and asks to wait \(Int($0)) s" } ?? "")
        case .serverFailure(let host, let status, _): "\(host) fails (status \(status))"
        case .unexpectedStatus(let host, let status): "\(host) answers with status \(status), which makes no sense here"
        case .tooManyRedirects(let host, let limit): "\(host) redirects more than \(limit) times"
        case .invalidRedirect(let host, let location): "\(host) redirects to “\(shown(location))”, which is no address"
        case .insecureRedirect(let host, let location):
            "\(host) redirects from https to “\(shown(location))”, where anybody could read and change the file"
        case .unsafeName(let name): "the hub names a file “\(shown(name))”, which is not safe as a path here"
        case .listingTooLarge(let limit): "the hub’s listing of files is longer than \(limit) bytes"
        case .listingMalformed(let reason): "the hub’s listing of files cannot be read: \(shown(reason))"
        case .wrongRange(let file, let expected, let found):
            "the server gives the range “\(shown(found))” of \(shown(file)) instead of \(expected)"
        case .sizeMismatch(let file, let expected, let found):
            "\(shown(file)) has \(found) bytes from the server; the listing says \(expected)"
        case .digestMismatch(let file, let expected, let found):
            """
            what came of \(shown(file)) is not what the hub lists, and was deleted:
              listed  \(expected)
              came    \(found)
            """
        default: nil
        }
    }

    private var connectionDescription: String? {
        switch self {
        case .connectionFailed(let host, let reason): "the connection to \(host) failed: \(shown(reason))"
        case .timedOut(let host): "\(host) does not answer in time"
        case .tooSlow(let host, let byteCount, let seconds):
            "\(host) sent only \(byteCount) bytes in \(Int(seconds)) s"
        case .cancelled: "stopped"
        default: nil
        }
    }

    private var diskDescription: String? {
        switch self {
        case .diskFull(let path):
            "no space is left on the disk for “\(shown(path))”; what came so far is kept, and the same command goes on"
        case .cannotWrite(let path, let reason): "“\(shown(path))” cannot be written: \(reason)"
        case .partInUse(let path): "another program is downloading to “\(shown(path))”"
        case .fileExists(let path): "“\(shown(path))” is there already and is another file; --force replaces it"
        default: nil
        }
    }
}

/// `text` from a stranger, fit for one line of a terminal.
func shown(_ text: String) -> String {
    let limit = 200
    let scalars = text.unicodeScalars.prefix(limit).map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
        default: String(scalar)
        }
    }
    return scalars.joined() + (text.unicodeScalars.count > limit ? "…" : "")
}
