#include "player/http/guard.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {
http::Request post(std::string body, std::vector<std::pair<std::string, std::string>> headers) {
    http::Request request;
    request.method = "POST";
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.headers.emplace_back("host", "node.local:8090");
    return request;
}
int refused(std::string body, std::vector<std::pair<std::string, std::string>> headers) {
    const auto read = read_json(post(std::move(body), std::move(headers)));
    return read.refusal ? read.refusal->status : 200;
}
const std::pair<std::string, std::string> kJson{"content-type", "application/json; charset=utf-8"};
}  // namespace

TEST_CASE("a body is taken as JSON from our own page or from no browser") {
    CHECK(refused(R"({"a":1})", {kJson}) == 200);
    CHECK(refused(R"({"a":1})", {kJson, {"origin", "http://node.local:8090"}}) == 200);
    CHECK(refused(R"({"a":1})", {kJson, {"sec-fetch-site", "same-origin"}}) == 200);
}

TEST_CASE("another site's page is refused") {
    CHECK(refused("{}", {kJson, {"origin", "http://evil.example"}}) == 403);
    CHECK(refused("{}", {kJson, {"origin", "null"}}) == 403);
    CHECK(refused("{}", {kJson, {"sec-fetch-site", "cross-site"}}) == 403);
    CHECK(refused("{}", {kJson, {"origin", "http://node.local:8090.evil.example"}}) == 403);
}

TEST_CASE("what is not a JSON object is refused with its own status") {
    CHECK(refused("{}", {}) == 415);
    CHECK(refused("{}", {{"content-type", "text/plain"}}) == 415);
    CHECK(refused("{}", {{"content-type", "application/x-www-form-urlencoded"}}) == 415);
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
    for (const auto& body : {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"}, deep,
                             std::string{"{\"a\":\"\xff\"}"}})
        CHECK(refused(body, {kJson}) == 400);
}

TEST_CASE("a text member is optional, but never of another type or longer") {
    const auto object = read_json(post(R"({"a":"x","n":null,"i":1,"l":"0123456789"})", {kJson})).object;
    bool wrong = false;
    CHECK(text_member(object, "a", 5, wrong) == "x");
    CHECK_FALSE(text_member(object, "n", 5, wrong));
    CHECK_FALSE(text_member(object, "absent", 5, wrong));
    CHECK_FALSE(wrong);
    CHECK_FALSE(text_member(object, "i", 5, wrong));
    CHECK(wrong);
    wrong = false;
    CHECK_FALSE(text_member(object, "l", 5, wrong));
    CHECK(wrong);
}

TEST_CASE("a refusal says when it opens and how to take over") {
    Ruling ruling;
    ruling.status = 409;
    ruling.code = "already_controlled";
    ruling.take_over = "abc";
    ruling.next = WallTime{};
    CHECK(to_response(ruling).text.find(R"("next":"1970-01-01T00:00:00.000Z","take_over":"abc")") !=
          std::string::npos);
}
