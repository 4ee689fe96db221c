#include "common/http/client.hpp"

#include "common/base/error_category.hpp"

namespace tongke::http {
namespace {

const char* words(ClientError error) {
    switch (error) {
        case ClientError::bad_url: return "the address is not a http:// or https:// URL";
        case ClientError::resolve_failed: return "the host name was not found";
        case ClientError::connect_failed: return "no connection to the host";
        case ClientError::tls_failed:
            return "TLS failed: the certificate is not trusted or the port speaks no TLS";
        case ClientError::pin_mismatch:
            return "the server's key is not the one enrolled: a foreign certificate";
        case ClientError::deadline: return "no complete answer in time";
        case ClientError::closed_early: return "the server closed the connection before the answer's end";
        case ClientError::bad_response: return "the answer is not HTTP";
        case ClientError::body_too_large: return "the answer is larger than asked for";
        case ClientError::cancelled: return "cancelled";
    }
    return nullptr;
}

}  // namespace

const boost::system::error_category& client_category() {
    static const ErrorCategory<ClientError> category{"http client", words};
    return category;
}

}  // namespace tongke::http
