#include "common/http/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "common/http/target.hpp"

namespace tongke::http {

std::string_view Request::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_case_name) return value;
    return {};
}

std::optional<std::string> Request::query_value(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return value;
    return std::nullopt;
}

std::string_view Request::cookie(std::string_view name) const { return cookie_value(header("cookie"), name); }

std::string_view Request::capture(std::string_view name) const {
    for (const auto& [key, value] : captures)
        if (key == name) return value;
    return {};
}

std::string_view Request::bearer_token() const {
    const auto value = header("authorization");
    constexpr std::string_view kScheme = "bearer ";
    if (value.size() <= kScheme.size()) return {};
    const auto same = std::equal(kScheme.begin(), kScheme.end(), value.begin(),
                                 [](char a, char b) { return a == (b | 0x20); });
    return same ? value.substr(kScheme.size()) : std::string_view{};
}

Response json_response(std::string json, int status) {
    Response response;
    response.status = status;
    response.text = std::move(json);
    return std::move(
        response.with("Content-Type", "application/json; charset=utf-8").with("Cache-Control", "no-store"));
}

Response problem(int status, std::string_view code, std::string_view detail_zh, std::string extra_members) {
    Response response;
    response.status = status;
    if (status >= 400 && status < 500) response.counted_as = code;
    if (!extra_members.empty()) extra_members.insert(extra_members.begin(), ',');
    response.text =
        fmt::format(R"({{"type":"about:blank","title":{},"status":{},"code":{},"detail":{}{}}})",
                    json_quote(code), status, json_quote(code), json_quote(detail_zh), extra_members);
    return std::move(response.with("Content-Type", "application/problem+json; charset=utf-8")
                         .with("Cache-Control", "no-store"));
}

std::string json_quote(std::string_view text) {
    const std::string clean = is_utf8(text) ? std::string{text} : replace_invalid_utf8(text);
    std::string out{'"'};
    for (const char c : clean) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    }
    return out += '"';
}

struct Reply::Once {
    explicit Once(Sink s) : sink(std::move(s)) {}
    ~Once() {
        if (!answered.exchange(true))
            sink(problem(500, "internal", "服务器没有给出答复，请重试；仍不行请联系技术人员"));
    }
    Sink sink;
    std::atomic<bool> answered = false;
};

Reply::Reply(Sink sink) : once_(std::make_shared<Once>(std::move(sink))) {}

void Reply::operator()(Response response) const {
    if (!once_->answered.exchange(true)) once_->sink(std::move(response));
}

}  // namespace tongke::http
