/// What happens while a file is downloaded.
public enum HubEvent: Sendable {
    /// The part that an earlier run left is read, to go on with its digest.
    case checking(file: String, byteCount: Int, total: Int?)
    /// So much of the file is on disk.
    case receiving(file: String, byteCount: Int, total: Int?)
    /// What was there is not the beginning of this file: it starts anew.
    case restarting(file: String)
    /// Something failed that may not fail again; it is tried again in so many seconds.
    case waiting(reason: HubError, seconds: Double)
}
