#include "common/http/request_parser.hpp"

#include "common/http/lower.hpp"
#include "common/http/target.hpp"

namespace tongke::http {
namespace {

namespace wire = boost::beast::http;

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view take_last(std::string_view& list) {
    const auto comma = list.rfind(',');
    const auto last = comma == list.npos ? list : list.substr(comma + 1);
    list = comma == list.npos ? std::string_view{} : list.substr(0, comma);
    return trim(last);
}

}  // namespace

RequestParser::RequestParser(std::size_t head_bytes, std::size_t body_bytes) : WireParser(head_bytes) {
    body_limit(body_bytes);
}

void RequestParser::on_request_impl(boost::beast::http::verb, View method, View target, int version,
                                    Code& error) {
    const auto asked = origin_form(view(target));
    auto decoded = http::parse_target(asked);
    if (!decoded) {
        error = wire::error::bad_target;
        return;
    }
    version_ = version;
    request_->method = view(method);
    request_->target = asked;
    request_->path = std::move(decoded->path);
    request_->query = std::move(decoded->query);
    request_->headers.reserve(kUsualHeaders);
}

void RequestParser::on_header(Field field, std::string_view name, std::string_view value) {
    hosts_ += field == Field::host;
    if (field == Field::transfer_encoding) {
        ++codings_;
        bad_coding_ = bad_coding_ || lower(trim(value)) != "chunked";
    }
    request_->headers.emplace_back(lower(name), value);
}

void RequestParser::on_header_impl(Code& error) {
    const bool modern = version_ == 11;
    if (hosts_ > 1 || (modern && hosts_ == 0)) error = wire::error::bad_field;
    // RFC 9112 §6.1, §6.3: a body framed in any other way would be read as the next request.
    if (bad_coding_ || codings_ > (modern ? 1 : 0)) error = wire::error::bad_transfer_encoding;
}

std::size_t RequestParser::on_body_impl(View body, Code&) {
    request_->body.append(view(body));
    return body.size();
}

void apply_forwarding(Request& request, const std::vector<net::IpPrefix>& trusted) {
    std::string all;  // several header lines are one list (RFC 9110 §5.3)
    for (const auto& [name, value] : request.headers)
        if (name == "x-forwarded-for") (all += all.empty() ? "" : ",") += value;
    for (std::string_view list = all; !list.empty();) {
        const auto address = net::IpAddress::parse(take_last(list));
        if (!address) break;
        request.peer = address->text();
        if (!net::contains(trusted, *address)) break;
    }
    std::string_view protocols = request.header("x-forwarded-proto");
    if (!protocols.empty()) request.tls = lower(take_last(protocols)) == "https";
}

}  // namespace tongke::http
