#include "tests/support/openapi.hpp"

#include "tests/unit/relay/api/site.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace tongke::relay::test_site;

namespace {

const std::string kDocument = TONGKE_SOURCE_DIR "/docs/openapi.yaml";

/// Pages and media are other folders' routes.
bool of_control_plane(const std::string& route) {
    return route.find(" /hls/") == std::string::npos && route != "GET /";
}

const std::map<std::string, std::string> kAccounts{
    {"teacher", "t2"},       {"technician", "j2"},      {"county_it", "it"},
    {"city", "city"},        {"province", "prov"},      {"operator", "op"},
    {"system_admin", "sys"}, {"security_admin", "sec"}, {"audit_admin", "aud"}};

std::string with_real_names(std::string path) {
    const auto fill = [&](std::string_view before, std::string_view name) {
        const auto at = path.find(before);
        if (at != std::string::npos) path.replace(at + before.size(), 2, name);
    };
    fill("/rooms/", "510113-02");
    fill("/tests/", "t1");
    fill("/streams/", "main");
    return path;
}

}  // namespace

TEST_CASE("the relay's routes are those of openapi, no more and no fewer") {
    Site s;
    std::set<std::string> documented;
    for (const auto& [route, roles] : test::documented_routes(kDocument, "relay"))
        if (of_control_plane(route)) documented.insert(route);
    CHECK(documented == test::routes_of(s.router));
}

TEST_CASE("no route of the relay starts or stops playback, for anybody") {
    for (const auto& [route, roles] : test::documented_routes(kDocument, "relay"))
        CHECK(route.find("playback") == std::string::npos);
    const auto player = test::documented_routes(kDocument, "player");
    CHECK(player.at("POST /api/v1/rooms/{}/playback") == std::set<std::string>{"teacher"});
}

TEST_CASE("every route × every role: allowed exactly as openapi says") {
    Site s;
    StreamInfo main;
    main.name = "main";
    s.streams = {main};
    for (const auto& [route, roles] : test::documented_routes(kDocument, "relay")) {
        if (!of_control_plane(route) || roles.count("public") > 0 || roles.count("node") > 0) continue;
        const auto method = route.substr(0, route.find(' '));
        const auto path = with_real_names(route.substr(route.find(' ') + 1));
        const std::string body = method == "POST" ? R"({"use":"backup"})" : "";
        s.cookie.clear();
        CHECK(s.call(method, path, body).status == 401);
        for (const auto& [role, account] : kAccounts) {
            if (role == "province") continue;  // of another province here: the scope's test has it
            s.cookie.clear();
            s.sign_in(account);
            const auto status = s.call(method, path, body).status;
            INFO(route << " as " << role << ": " << status);
            const bool signed_in = !s.cookie.empty();
            const bool refused = status == (signed_in ? 403 : 401);
            CHECK(refused == (roles.count(role) == 0));
        }
    }
}

TEST_CASE("the node's routes, as its sources add them, are those of openapi") {
    std::set<std::string> documented, added;
    for (const auto& [route, roles] : test::documented_routes(kDocument, "player")) documented.insert(route);
    for (const auto& entry : std::filesystem::directory_iterator(TONGKE_SOURCE_DIR "/player/http"))
        added.merge(test::routes_in_source(entry.path().string()));
    CHECK(added == documented);
}

TEST_CASE("every code that the programs answer with is documented") {
    const auto documented = test::documented_codes(kDocument);
    REQUIRE(documented.size() > 40);
    for (const auto* top : {"common", "relay", "player"}) {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(std::string{TONGKE_SOURCE_DIR "/"} + top)) {
            if (entry.path().extension() != ".cpp") continue;
            for (const auto& code : test::codes_in_source(entry.path().string())) {
                INFO(entry.path().string() << ": " << code);
                CHECK(documented.count(code) == 1);
            }
        }
    }
}
