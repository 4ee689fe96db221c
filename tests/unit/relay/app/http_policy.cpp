#include "relay/app/http_policy.hpp"

#include "relay/ui/assets.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

http::Request from(const char* address, bool tls = false) {
    http::Request request;
    request.socket_peer = request.peer = address;
    request.tls = tls;
    return request;
}
http::Response get(const http::Router& router, const std::string& path,
                   const std::string& if_none_match = {}) {
    http::Request request;
    request.method = "GET";
    request.path = request.target = path;
    if (!if_none_match.empty()) request.headers.emplace_back("if-none-match", if_none_match);
    http::Response got;
    router.handle(request, http::Reply([&](http::Response response) { got = std::move(response); }));
    return got;
}

}  // namespace

TEST_CASE("plain requests are served to loopback only unless allowed") {
    CHECK_FALSE(refuse_plain(from("127.0.0.1"), false));
    CHECK_FALSE(refuse_plain(from("::1"), false));
    CHECK_FALSE(refuse_plain(from("192.0.2.1", true), false));
    CHECK_FALSE(refuse_plain(from("192.0.2.1"), true));
    const auto refused = refuse_plain(from("192.0.2.1"), false);
    REQUIRE(refused);
    CHECK(refused->status == 403);
    CHECK(refused->text.find("\"plain_refused\"") != std::string::npos);
}

TEST_CASE("a forwarded address does not make a plain socket local") {
    auto request = from("192.0.2.1");
    request.peer = "127.0.0.1";
    CHECK(refuse_plain(request, false));
}

TEST_CASE("every answer forbids sniffing and framing, TLS answers ask for TLS") {
    http::Response plain, tls;
    add_common_headers(from("127.0.0.1"), plain);
    add_common_headers(from("127.0.0.1", true), tls);
    CHECK(plain.header("X-Content-Type-Options") == "nosniff");
    CHECK(plain.header("X-Frame-Options") == "DENY");
    CHECK(plain.header("Strict-Transport-Security").empty());
    CHECK_FALSE(tls.header("Strict-Transport-Security").empty());
}

TEST_CASE("the page is served with its policy and answered 304 when known") {
    http::Router router;
    add_pages(router);
    const auto page = get(router, "/");
    REQUIRE(page.status == 200);
    CHECK(page.shared->size() == relay::ui::find("/")->bytes.size());
    CHECK(page.header("Content-Security-Policy").find("default-src 'self'") == 0);
    CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
    const auto known = get(router, "/", std::string{page.header("ETag")});
    CHECK(known.status == 304);
    CHECK_FALSE(known.shared);
    for (const auto& asset : relay::ui::assets()) CHECK(get(router, std::string(asset.path)).status == 200);
    CHECK(get(router, "/assets/nothing.js").status == 404);
}
