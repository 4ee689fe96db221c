#include "relay/api/guard.hpp"

namespace tongke::relay {
namespace {

std::string_view media_type(std::string_view header) {
    const auto type = header.substr(0, header.find(';'));
    const auto end = type.find_last_not_of(" \t");
    return end == std::string_view::npos ? std::string_view{} : type.substr(0, end + 1);
}

bool same_site(std::string_view origin, std::string_view host) {
    const auto scheme = origin.find("://");
    return scheme != std::string_view::npos && origin.substr(scheme + 3) == host;
}

}  // namespace

std::optional<http::Response> refuse_foreign_page(const http::Request& request) {
    const auto origin = request.header("origin");
    if (!origin.empty() && !same_site(origin, request.header("host")))
        return http::problem(403, "foreign_origin", "请求来自别的网页，已拒绝；请从本系统页面操作");
    const auto site = request.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin" && site != "none")
        return http::problem(403, "foreign_origin", "请求来自别的网页，已拒绝；请从本系统页面操作");
    return std::nullopt;
}

std::optional<http::Response> refuse_body(const http::Request& request, std::size_t max_bytes) {
    if (auto foreign = refuse_foreign_page(request)) return foreign;
    if (request.body.size() > max_bytes) return http::problem(413, "too_large", "请求内容过大");
    if (media_type(request.header("content-type")) != "application/json")
        return http::problem(415, "not_json", "请求内容应为 application/json");
    return std::nullopt;
}

}  // namespace tongke::relay
