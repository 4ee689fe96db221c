#include "common/http/router.hpp"

#include "tests/support/catch.hpp"

using namespace tongke::http;

namespace {

struct Table {
    Router router;
    std::string seen;

    Table() {
        for (const auto* pattern : {"/", "/api/v1/rooms/{room}", "/api/v1/rooms/{room}/tests/{id}",
                                    "/rooms/{room}/hls/{path...}", "/healthz"})
            router.add("GET", pattern, [this, pattern](const Request& request, Reply reply) {
                seen = pattern;
                for (const auto& [name, value] : request.captures) seen += " " + name + "=" + value;
                reply(json_response("{}"));
            });
        router.add("POST", "/healthz", [](const Request&, Reply) { throw std::runtime_error("broken"); });
        router.add("DELETE", "/healthz", [](const Request&, Reply) {});
        for (const auto* method : {"GET", "OPTIONS"})
            router.add(method, "/both/{any}",
                       [](const Request&, Reply reply) { reply(json_response("{}")); });
    }

    Response ask(std::string method, std::string path) {
        Response got;
        Request request;
        request.method = std::move(method);
        request.path = std::move(path);
        router.handle(std::move(request), Reply{[&](Response r) { got = std::move(r); }});
        return got;
    }
};

}  // namespace

TEST_CASE("a route is found by its parts and captures them") {
    Table table;
    CHECK(table.ask("GET", "/").status == 200);
    CHECK(table.seen == "/");
    table.ask("GET", "/api/v1/rooms/510113-02");
    CHECK(table.seen == "/api/v1/rooms/{room} room=510113-02");
    table.ask("HEAD", "/rooms/r1/hls/1a/2.m4s");
    CHECK(table.seen == "/rooms/{room}/hls/{path...} room=r1 path=1a/2.m4s");
}

TEST_CASE("what no route matches is 404 not_found") {
    Table table;
    const auto* path =
        GENERATE("/api/v1/rooms", "/api/v1/rooms/", "/api/v1/rooms/a/", "/api/v1/rooms/a/b", "/healthz/",
                 "//healthz", "/rooms/r1/hls", "/rooms/r1/hls/", "/rooms//hls/x", "//");
    CAPTURE(path);
    const auto answer = table.ask("GET", path);
    CHECK(answer.status == 404);
    CHECK(answer.text.find(R"("code":"not_found")") != std::string::npos);
}

TEST_CASE("another method is 405 with Allow, OPTIONS says what is allowed") {
    Table table;
    const auto refused = table.ask("PUT", "/healthz");
    CHECK(refused.status == 405);
    CHECK(refused.header("Allow") == "OPTIONS, GET, HEAD, POST, DELETE");
    CHECK(table.ask("OPTIONS", "/healthz").status == 204);
    CHECK(table.ask("PUT", "/both/a").header("Allow") == "OPTIONS, GET, HEAD");
}

TEST_CASE("a handler that throws or forgets to answer is a 500") {
    Table table;
    CHECK(table.ask("POST", "/healthz").status == 500);
    CHECK(table.ask("DELETE", "/healthz").status == 500);
}

TEST_CASE("a handler runs where its route says") {
    Table table;
    std::function<void()> queued;
    table.router.add(
        "GET", "/control", [](const Request& r, Reply reply) { reply(json_response(r.path)); },
        [&](std::function<void()> work) { queued = std::move(work); });
    Response got;
    Request request;
    request.method = "GET";
    request.path = "/control";
    table.router.handle(std::move(request), Reply{[&](Response r) { got = std::move(r); }});
    CHECK(got.text.empty());
    queued();
    CHECK(got.text == "/control");
}
