// link: common_http
// A connection's bytes through the request parser: whole and byte by byte they give the same request, what
// is accepted is clean and within its bounds, and nothing reads outside its input.
#include <boost/asio/buffer.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/http/request_parser.hpp"
#include "common/http/target.hpp"

using namespace tongke::http;

namespace {

constexpr std::size_t kHead = 512, kBody = 64;

struct Outcome {
    boost::beast::error_code error;
    std::size_t used = 0;
    std::shared_ptr<const Request> request;
    bool keep_alive = false;
};

/// `step` more bytes at a time come to what the parser has left.
Outcome parse(std::string_view text, std::size_t step) {
    RequestParser parser{kHead, kBody};
    Outcome out;
    for (std::size_t have = std::min(step, text.size()); !parser.is_done();) {
        const auto part = text.substr(out.used, have - out.used);
        out.error = {};
        const auto used =
            part.empty() ? 0 : parser.put(boost::asio::buffer(part.data(), part.size()), out.error);
        out.used += used;
        const bool more = part.empty() || out.error == boost::beast::http::error::need_more;
        if (!more && out.error) return out;
        if (!more) continue;
        if (have == text.size()) return out;
        have = std::min(have + step, text.size());
    }
    out.request = parser.request();
    out.keep_alive = parser.keep_alive();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto whole = parse(text, std::max<std::size_t>(size, 1)), dripped = parse(text, 1);
    if (!whole.request != !dripped.request) std::abort();
    if (!whole.request) return 0;
    const Request &a = *whole.request, &b = *dripped.request;
    if (whole.used != dripped.used || whole.keep_alive != dripped.keep_alive) std::abort();
    if (a.method != b.method || a.target != b.target || a.headers != b.headers || a.body != b.body)
        std::abort();
    if (a.path.empty() || a.path.front() != '/' || !is_utf8(a.path) || a.body.size() > kBody) std::abort();
    for (const auto& [name, value] : a.headers) {
        for (const char c : name)
            if (c >= 'A' && c <= 'Z') std::abort();
        for (const unsigned char c : name + value)
            if ((c < 0x20 && c != '\t') || c == 0x7f) std::abort();
    }
    (void)a.bearer_token();
    (void)a.cookie("tongke_relay");
    return 0;
}
