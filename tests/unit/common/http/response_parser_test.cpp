#include "common/http/response_parser.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/drip.hpp"

using namespace tongke;
using namespace tongke::http;
using WireError = boost::beast::http::error;

namespace {

struct Got {
    int status = 0, heads = 0;
    ResponseParser::Headers headers;
    std::string body;
    bool is_done = false, keep_alive = false;
    boost::beast::error_code error;
};

/// `step` more bytes at a time; at the end the connection closes.
Got read(std::string_view text, std::size_t step, bool to_head = false) {
    Got got;
    ResponseParser parser{1024,
                          16,
                          to_head,
                          {[&](int status, ResponseParser::Headers headers) {
                               got.status = status;
                               got.headers = std::move(headers);
                               ++got.heads;
                           },
                           [&](ByteView piece) { got.body += as_text(piece); }}};
    got.error = drip(parser, text, step).error;
    if (got.error && got.error != WireError::need_more) return got;
    if (!parser.is_done() && parser.got_some()) parser.put_eof(got.error = {});
    got.is_done = parser.is_done();
    if (parser.is_header_done()) got.keep_alive = parser.keep_alive();
    return got;
}

}  // namespace

TEST_CASE("an answer is read whole, in pieces and byte by byte") {
    const auto step = GENERATE(1, 2, 7, 1000);
    const auto length = read("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\nhello", step);
    CHECK(length.is_done);
    CHECK(length.keep_alive);
    CHECK(length.status == 200);
    CHECK(length.heads == 1);
    CHECK(length.headers == ResponseParser::Headers{{"etag", "\"a\""}, {"content-length", "5"}});
    CHECK(length.body == "hello");

    const auto chunked = read(
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n"
        "ETag: b\r\n\r\n",
        step);
    CHECK(chunked.is_done);
    CHECK(chunked.status == 404);
    CHECK(chunked.body == "hello");
    CHECK(chunked.headers.size() == 1);
    CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step).is_done);

    const auto until_closed = read("HTTP/1.0 200 OK\r\n\r\nhello", step);
    CHECK(until_closed.is_done);
    CHECK_FALSE(until_closed.keep_alive);
    CHECK(until_closed.body == "hello");

    const auto to_head = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", step, true);
    CHECK(to_head.is_done);
    CHECK(to_head.body.empty());
}

TEST_CASE("an answer that is cut, too large or none at all") {
    const auto step = GENERATE(1, 1000);
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", step).error == WireError::partial_message);
    CHECK(read("HTTP/1.1 200 OK\r\nContent-L", step).error == WireError::partial_message);
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n12345678901234567", step).error ==
          WireError::body_limit);
    CHECK(read("HTTP/1.0 200 OK\r\n\r\n12345678901234567", step).error == WireError::body_limit);
    CHECK(read("SSH-2.0-OpenSSH_9.2\r\n\r\n", step).error == WireError::bad_version);
    CHECK(read("HTTP/1.1 200 " + std::string(1100, 'x') + "\r\n\r\n", step).error == WireError::header_limit);
}

TEST_CASE("an interim answer is not told; another follows it") {
    std::string_view text = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    int heads = 0;
    const ResponseParser::Sink sink{[&](int status, const auto&) { heads += status; }, [](ByteView) {}};
    ResponseParser first{1024, 16, false, sink};
    const auto interim = drip(first, text, 1);
    CHECK_FALSE(interim.error);
    CHECK(first.is_interim());
    CHECK(heads == 0);
    text.remove_prefix(interim.used);
    ResponseParser second{1024, 16, false, sink};
    CHECK_FALSE(drip(second, text, 1).error);
    CHECK_FALSE(second.is_interim());
    CHECK(heads == 204);
}
