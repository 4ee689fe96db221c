#include "common/http/message.hpp"

#include <boost/asio/io_context.hpp>

#include "common/http/head.hpp"
#include "common/http/pending.hpp"
#include "common/http/request_parser.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::http;

TEST_CASE("a problem carries code, detail and further members") {
    const auto p = problem(409, "outside_schedule", "还没到\"时间\"", R"("next":"2025-04-16T02:00:00.000Z")");
    CHECK(p.status == 409);
    CHECK(p.text ==
          R"({"type":"about:blank","title":"outside_schedule","status":409,"code":"outside_schedule",)"
          R"("detail":"还没到\"时间\"","next":"2025-04-16T02:00:00.000Z"})");
}

TEST_CASE("json_quote escapes what JSON forbids") {
    CHECK(json_quote("a\"\\\n\x01") == R"("a\"\\\n\u0001")");
    CHECK(json_quote("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("a header value with a line break is not sent") {
    Response response;
    response.with("X-Good", "1").with("Location", "/a\r\nSet-Cookie: x=1");
    const auto head = response_head(response, true);
    CHECK(head.find("X-Good: 1\r\n") != std::string::npos);
    CHECK(head.find("Set-Cookie") == std::string::npos);
    CHECK(head.find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("the bearer token is read whatever the case of its scheme") {
    Request request;
    request.headers = {{"authorization", "bEARER abc"}};
    CHECK(request.bearer_token() == "abc");
    request.headers = {{"authorization", "Basic abc"}};
    CHECK(request.bearer_token().empty());
}

TEST_CASE("a reply answers once") {
    int answers = 0;
    const Reply reply{[&](Response) { ++answers; }};
    reply(json_response("{}"));
    reply(json_response("{}"));
    CHECK(answers == 1);
}

TEST_CASE("an answer that comes after the handler's time does not touch the one under way") {
    boost::asio::io_context io;
    const auto pending = std::make_shared<Pending>(io.get_executor());
    pending->response = problem(503, "handler_timeout", "服务器没有及时答复，请稍后重试");
    const auto* under_way = pending->response->text.data();
    make_reply(pending)(json_response("{}"));
    io.run();
    CHECK(pending->response->status == 503);
    CHECK(pending->response->text.data() == under_way);
}

namespace {
std::string peer_of(const char* socket, const char* forwarded) {
    Request request;
    request.peer = request.socket_peer = socket;
    request.headers = {{"x-forwarded-for", forwarded}};
    apply_forwarding(request, {*net::IpPrefix::parse("10.0.0.0/8")});
    return request.peer;
}
}  // namespace

TEST_CASE("X-Forwarded-For of a trusted proxy counts from the right") {
    CHECK(peer_of("10.0.0.1", "198.51.100.1") == "198.51.100.1");
    CHECK(peer_of("10.0.0.1", "127.0.0.1, 198.51.100.1") == "198.51.100.1");
    CHECK(peer_of("10.0.0.1", "198.51.100.1, 10.0.0.2") == "198.51.100.1");
    CHECK(peer_of("10.0.0.1", "rubbish") == "10.0.0.1");
}
