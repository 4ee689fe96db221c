#include "player/http/guard.hpp"

#include <boost/json.hpp>

#include "common/time/format.hpp"

namespace tongke::player {

std::optional<http::Response> foreign_origin(const http::Request& request) {
    const auto foreign = [] { return http::problem(403, "foreign_origin", "请求不是从本节点的页面发出的"); };
    const auto site = request.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin" && site != "none") return foreign();
    const auto origin = request.header("origin");
    if (origin.empty()) return std::nullopt;
    const auto scheme_end = origin.find("://");
    if (scheme_end == origin.npos || origin.substr(scheme_end + 3) != request.header("host"))
        return foreign();
    return std::nullopt;
}

JsonBody read_json(const http::Request& request) {
    JsonBody out;
    if (auto refusal = foreign_origin(request)) {
        out.refusal = std::move(refusal);
        return out;
    }
    const auto type = request.header("content-type");
    if (type.substr(0, type.find(';')) != "application/json") {
        out.refusal = http::problem(415, "not_json", "请以 application/json 提交");
        return out;
    }
    Error error;
    boost::json::parse_options options;
    options.max_depth = 8;
    auto value = boost::json::parse(request.body, error, {}, options);
    if (error || !value.is_object())
        out.refusal = http::problem(400, "bad_json", "提交的内容不是合法的 JSON 对象");
    else
        out.object = std::move(value.get_object());
    return out;
}

http::Response to_response(const Ruling& ruling) {
    std::string more;
    if (ruling.next) more = "\"next\":" + http::json_quote(to_iso8601(*ruling.next));
    if (!ruling.take_over.empty()) {
        if (!more.empty()) more += ',';
        more += "\"take_over\":" + http::json_quote(ruling.take_over);
    }
    return http::problem(ruling.status, ruling.code, ruling.detail_zh, std::move(more));
}

std::optional<std::string> text_member(const boost::json::object& object, const char* name, std::size_t most,
                                       bool& wrong) {
    const auto* value = object.if_contains(name);
    if (!value || value->is_null()) return std::nullopt;
    if (!value->is_string() || value->get_string().size() > most) {
        wrong = true;
        return std::nullopt;
    }
    return std::string{value->get_string()};
}

}  // namespace tongke::player
