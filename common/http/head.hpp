// The head of a response as text (RFC 9112 §4, §5).
#pragma once
#include <string>
#include <string_view>

#include "common/http/message.hpp"

namespace tongke::http {

std::string_view reason_phrase(int status);
/// Status line, the response's headers, Date, Content-Length and Connection.
std::string response_head(const Response& response, bool keep_alive);
/// The body's bytes: `shared`, else `text`; empty for 1xx, 204 and 304.
ByteView response_body(const Response& response);

}  // namespace tongke::http
