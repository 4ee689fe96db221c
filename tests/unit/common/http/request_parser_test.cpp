#include "common/http/request_parser.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/drip.hpp"

using namespace tongke;
using namespace tongke::http;
using WireError = boost::beast::http::error;

namespace {

boost::beast::error_code error_of(std::string_view text) {
    RequestParser parser{1024, 8};
    return drip(parser, text, text.size()).error;
}

}  // namespace

TEST_CASE("the head comes first, the body when it is asked for, and no byte of the next request") {
    constexpr std::string_view kText =
        "POST /a%20b?x=1&y=%E5%90%8C HTTP/1.1\r\nHOST: a\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 5\r\n\r\n"
        "helloGET / HTTP/1.1\r\n";
    RequestParser parser{1024, 8};
    std::size_t head = 0, body = 0;
    REQUIRE_FALSE(parser.read(kText, RequestParser::Until::head, head));
    CHECK(parser.is_header_done());
    CHECK_FALSE(parser.is_done());
    CHECK(kText.substr(head).starts_with("hello"));
    REQUIRE_FALSE(parser.read(kText.substr(head), RequestParser::Until::end, body));
    CHECK(parser.is_done());
    CHECK(body == 5);
    const Request& request = *parser.request();
    CHECK(request.method == "POST");
    CHECK(request.target == "/a%20b?x=1&y=%E5%90%8C");
    CHECK(request.path == "/a b");
    CHECK(request.query_value("y") == "同");
    CHECK(request.header("host") == "a");
    CHECK(request.header("x-two") == "1");
    CHECK(request.body == "hello");
    CHECK(parser.keep_alive());
}

TEST_CASE("what a request parser refuses, and as what") {
    CHECK(error_of("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n") == WireError::bad_target);
    CHECK(error_of("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n") == WireError::bad_target);
    CHECK(error_of("GET /hello HTTP/1.1\r\n\r\n") == WireError::bad_field);
    CHECK(error_of("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == WireError::bad_field);
    CHECK_FALSE(error_of("GET /hello HTTP/1.0\r\n\r\n"));
    CHECK(error_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") ==
          WireError::bad_transfer_encoding);
    CHECK(error_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n0\r\n\r\n") == WireError::bad_transfer_encoding);
    CHECK(error_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789") ==
          WireError::body_limit);
    CHECK(error_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld"
                   "\r\n0\r\n\r\n") == WireError::body_limit);
    CHECK(error_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1100, 'x') + "\r\n\r\n") ==
          WireError::header_limit);
    CHECK(error_of("GET / HTTP/1.1\r\nHos") == WireError::need_more);
    CHECK(error_of("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == WireError::bad_field);
    CHECK(error_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
          WireError::bad_transfer_encoding);
}

TEST_CASE("a head has its bound however its bytes are cut") {
    RequestParser parser{1024, 8};
    constexpr std::string_view kStart = "GET / HTTP/1.1\r\nHost: a\r\nX";
    std::size_t taken = 0, all = 0;
    auto error = parser.read(kStart, RequestParser::Until::head, taken);
    CHECK(taken == kStart.size() - 1);
    // Each time whole lines, and the first byte of the next one's name.
    for (all = taken; error == WireError::need_more && all < 4096; all += taken)
        error = parser.read("X: 0123456789\r\nX", RequestParser::Until::head, taken);
    CHECK(error == WireError::header_limit);
    CHECK(all < 1024 + 16);
}

TEST_CASE("the end of a chunked body may come byte by byte") {
    for (const std::string body : {"0\r\n\r\n", "2\r\nhi\r\n0\r\n\r\n", "0;a=b\r\nX: y\r\n\r\n"}) {
        CAPTURE(body);
        RequestParser parser{1024, 8};
        const auto text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
        const auto [error, used] = drip(parser, text, 1);
        CHECK_FALSE(error);
        CHECK(parser.is_done());
        CHECK(used == text.size());
    }
}

TEST_CASE("a trailer is no header") {
    constexpr std::string_view kText =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
        "Authorization: Bearer x\r\nHost: b\r\n\r\n";
    RequestParser parser{1024, 8};
    CHECK_FALSE(drip(parser, kText, GENERATE(1, 1000)).error);
    CHECK(parser.request()->body == "hi");
    CHECK(parser.request()->headers.size() == 2);
    CHECK(parser.request()->header("authorization").empty());
}
