#include "common/http/response_parser.hpp"

#include "common/http/lower.hpp"

namespace tongke::http {

ResponseParser::ResponseParser(std::size_t head_bytes, std::size_t body_bytes, bool to_head, Sink sink)
    : WireParser(head_bytes), sink_(std::move(sink)) {
    body_limit(body_bytes);
    skip(to_head);
}

void ResponseParser::on_response_impl(int status, View, int, Code&) { status_ = status; }

void ResponseParser::on_header(Field, std::string_view name, std::string_view value) {
    headers_.emplace_back(lower(name), value);
}

void ResponseParser::on_header_impl(Code&) {
    if (!is_interim()) sink_.on_head(status_, std::move(headers_));
}

std::size_t ResponseParser::on_body_impl(View body, Code&) {
    if (!body.empty()) sink_.on_body(as_bytes(view(body)));
    return body.size();
}

}  // namespace tongke::http
