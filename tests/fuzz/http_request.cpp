// link: common_http
// A connection's bytes through the request parser: whole and byte by byte they give the same request, what
// is accepted is clean and within its bounds, a trailer changes nothing, and nothing reads outside its input.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "common/http/request_parser.hpp"
#include "common/http/target.hpp"
#include "tests/support/drip.hpp"

using namespace tongke;
using namespace tongke::http;
using WireError = boost::beast::http::error;

namespace {

constexpr std::size_t kHead = 512, kBody = 64;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Outcome {
    boost::beast::error_code error;
    std::size_t used = 0;
    std::shared_ptr<const Request> request;  // null: it is not whole
    bool keep_alive = false;
};

Outcome parse(std::string_view text, std::size_t step) {
    RequestParser parser{kHead, kBody};
    const auto [error, used] = drip(parser, text, step);
    Outcome out{error, used};
    if (error) return out;
    out.request = parser.request();
    out.keep_alive = parser.keep_alive();
    return out;
}

/// Of what stands in front of the body.
std::size_t count_headers(std::string_view text) {
    RequestParser parser{kHead, kBody};
    std::size_t taken = 0;
    require(!parser.read(text, RequestParser::Until::head, taken));
    return parser.request()->headers.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto whole = parse(text, std::max<std::size_t>(size, 1)), dripped = parse(text, 1);
    // White space that folds away counts where the rest of its line has not come yet.
    if (whole.error == WireError::header_limit || dripped.error == WireError::header_limit) return 0;
    require(!whole.request == !dripped.request);
    if (!whole.request) return 0;
    const Request &a = *whole.request, &b = *dripped.request;
    require(whole.used == dripped.used && whole.keep_alive == dripped.keep_alive);
    require(a.method == b.method && a.target == b.target && a.path == b.path && a.query == b.query);
    require(a.headers == b.headers && a.headers.size() == count_headers(text) && a.body == b.body);
    require(!a.path.empty() && a.path.front() == '/' && is_utf8(a.path) && a.body.size() <= kBody);
    std::size_t head = a.method.size() + a.target.size();
    for (const auto& [name, value] : a.headers) {
        head += name.size() + value.size();
        require(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
        for (const unsigned char c : name + value) require((c >= 0x20 || c == '\t') && c != 0x7f);
    }
    require(head <= kHead);
    (void)a.bearer_token();
    (void)a.cookie("tongke_relay");
    return 0;
}
