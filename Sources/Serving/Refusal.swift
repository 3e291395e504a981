import HTTPTypes
import HummingbirdCore
import NIOCore

extension APIError {
  /// Any failure as the client is told of it.
  ///
  /// - bodyBytes: what a request may have.
  init(refusing error: any Error, bodyBytes: Int) {
    switch error {
    case let error as APIError: self = error
    case let error as DecodingError: self = APIError(error)
    case is NIOTooManyBytesError:
      // What is left of it needn't be sent.
      self = APIError(
        status: 413, message: "the request has more than \(bodyBytes) bytes",
        headers: [.connection: "close"])
    case is CancellationError:
      self = APIError(status: 499, message: "the client has gone", type: "server_error")
    default:
      self = APIError(status: 500, message: "\(error)", type: "server_error")
    }
  }

  /// The answer that says so.
  var response: Response {
    var fields = headers
    fields[.contentType] = "application/json"
    return Response(
      status: HTTPResponse.Status(code: status), headers: fields,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}
