#include "common/http/request_head.hpp"

#include <algorithm>

#include "common/http/target.hpp"

namespace tongke::http {
namespace {

using boost::beast::http::field;

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

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

std::optional<Request> to_request(const boost::beast::http::request_header<>& head) {
    const std::string_view raw{head.target().data(), head.target().size()};
    auto target = parse_target(raw);
    if (!target) return std::nullopt;
    if (head.version() == 11 && head.count("host") != 1) return std::nullopt;
    // RFC 9112 §6.3: a body framed in any other way would be read as the next request.
    if (const auto coding = head.find(field::transfer_encoding);
        coding != head.end() && lower(trim({coding->value().data(), coding->value().size()})) != "chunked")
        return std::nullopt;
    if (head.count(field::transfer_encoding) > 1) return std::nullopt;
    Request request;
    request.method = std::string{head.method_string()};
    request.target = std::string{raw};
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.headers.reserve(kUsualHeaders);
    for (const auto& field : head)
        request.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                                     std::string{field.value()});
    return request;
}

void apply_forwarding(Request& request, const std::vector<net::IpPrefix>& trusted) {
    if (trusted.empty()) return;
    const auto socket = net::IpAddress::parse(request.socket_peer);
    if (!socket || !net::contains(trusted, *socket)) return;
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
