#include "common/rtmp/url.hpp"

#include <algorithm>
#include <charconv>

#include "common/rtmp/error.hpp"

namespace tongke::rtmp {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                            hex_digit(text[i + 2]) >= 0;
        if (!escape) {
            out += text[i];
            continue;
        }
        out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
        i += 2;
    }
    return out;
}

/// Cuts "text?query" in two; the query is empty when there is none.
std::pair<std::string_view, std::string_view> cut_query(std::string_view text) {
    const auto mark = text.find('?');
    if (mark == text.npos) return {text, {}};
    return {text.substr(0, mark), text.substr(mark + 1)};
}

/// "host", "host:port", "[v6]" or "[v6]:port".
bool parse_authority(std::string_view text, Url& url) {
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == text.npos) return false;
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') return false;
        if (!port.empty()) port.remove_prefix(1);
    } else if (const auto colon = text.rfind(':'); colon != text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host.find(':') != host.npos) return false;
    }
    if (host.empty() || host.find_first_of("@ \t\r\n") != host.npos) return false;
    url.host = host;
    url.port = url.tls ? 443 : 1935;
    if (port.empty()) return true;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    return error == std::errc{} && end == port.data() + port.size() && url.port != 0;
}

}  // namespace

std::optional<std::string> Query::find(std::string_view name) const {
    const auto it =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.first == name; });
    return it == items.end() ? std::nullopt : std::optional{it->second};
}

Query Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("&?"), text.size());
        const auto item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = std::min(item.find('='), item.size());
        if (equals == 0) continue;
        const auto value = equals < item.size() ? item.substr(equals + 1) : std::string_view{};
        query.items.emplace_back(percent_decode(item.substr(0, equals)), percent_decode(value));
    }
    return query;
}

std::string Url::tc_url() const {
    const bool v6 = host.find(':') != host.npos;
    std::string text = tls ? "rtmps://" : "rtmp://";
    text += v6 ? "[" + host + "]" : host;
    return text + ":" + std::to_string(port) + "/" + app;
}

std::string Url::play_path() const { return query.empty() ? stream : stream + "?" + query; }

Result<Url> parse_url(std::string_view text) {
    Url url;
    if (text.starts_with("rtmps://")) {
        url.tls = true;
        text.remove_prefix(8);
    } else if (text.starts_with("rtmp://")) {
        text.remove_prefix(7);
    } else {
        return Errc::bad_url;
    }
    const auto slash = text.find('/');
    if (slash == text.npos || !parse_authority(text.substr(0, slash), url)) return Errc::bad_url;
    const auto path = text.substr(slash + 1);
    // A query may sit on the app and hold no slash, so the app ends at the first slash.
    const auto app_end = path.find('/');
    if (app_end == path.npos) return Errc::bad_url;
    const auto [app, app_query] = cut_query(path.substr(0, app_end));
    const auto [stream, stream_query] = cut_query(path.substr(app_end + 1));
    if (app.empty() || stream.empty()) return Errc::bad_url;
    url.app = app;
    url.stream = stream;
    url.query = stream_query;
    if (!app_query.empty()) url.query += (url.query.empty() ? "" : "&") + std::string(app_query);
    return url;
}

bool valid_stream_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed) &&
           name.find_first_not_of('.') != name.npos;
}

}  // namespace tongke::rtmp
