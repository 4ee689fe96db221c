// link: common_http
// An origin's bytes through the answer's parser: whole and byte by byte they give the same answer, within its
// bounds, and nothing reads outside its input. The first byte says whether it answers a HEAD.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/http/response_parser.hpp"
#include "tests/support/drip.hpp"

using namespace tongke;
using namespace tongke::http;
using WireError = boost::beast::http::error;

namespace {

constexpr std::size_t kHead = 512, kBody = 64;

struct Outcome {
    boost::beast::error_code error;
    std::size_t used = 0;
    int status = 0, heads = 0;
    ResponseParser::Headers headers;
    std::string body;
    bool is_done = false;
    bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view text, std::size_t step, bool to_head) {
    Outcome out;
    ResponseParser parser{kHead,
                          kBody,
                          to_head,
                          {[&](int status, ResponseParser::Headers headers) {
                               out.status = status;
                               out.headers = std::move(headers);
                               ++out.heads;
                           },
                           [&](ByteView piece) { out.body += as_text(piece); }}};
    const auto dripped = drip(parser, text, step);
    out.error = dripped.error;
    out.used = dripped.used;
    if (out.error && out.error != WireError::need_more) return out;
    if (!parser.is_done() && parser.got_some()) parser.put_eof(out.error = {});
    out.is_done = parser.is_done();
    return out;
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    const bool to_head = (data[0] & 1) != 0;
    const auto whole = parse(text, size, to_head), dripped = parse(text, 1, to_head);
    if (whole.error == WireError::header_limit || dripped.error == WireError::header_limit) return 0;
    require(whole.body.size() <= kBody && dripped.body.size() <= kBody && whole.heads <= 1);
    require(whole.is_done == dripped.is_done);
    if (whole.is_done) require(whole == dripped);
    return 0;
}
