// A relay's control plane without sockets: a manual clock, everything on the
// test's own thread, requests as values through the real router.
#pragma once
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/auth/node_request.hpp"
#include "common/auth/password.hpp"
#include "common/store/database.hpp"
#include "relay/api/commands.hpp"
#include "relay/api/control_plane.hpp"
#include "relay/roster/roster_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

namespace tongke::relay::test_site {

inline constexpr std::string_view kPassword = "right-pass-1";

struct Site {
    test::TemporaryDir dir;
    ManualClock clock;
    metrics::Metrics metrics;
    auth::SigningKey key = auth::SigningKey::generate();
    std::vector<StreamInfo> streams;
    std::vector<std::function<void()>> held;  // background work, when `hold` is on
    bool hold = false;
    std::optional<ControlPlane> plane;
    http::Router router;
    std::string cookie;
    std::string peer = "192.0.2.1";

    Site() {
        prepare();
        start();
    }
    ~Site() {
        if (plane) plane->stop();
    }

    void start() {
        ControlConfig config;
        config.data_dir = dir.path();
        ControlHooks hooks;
        hooks.post = [](auto work) { work(); };
        hooks.background = [this](auto work) { hold ? held.push_back(std::move(work)) : work(); };
        hooks.streams = [this](auto done) { done(streams); };
        plane.emplace(config, clock, metrics, key, hooks);
        router = {};
        plane->add_routes(router);
    }
    void restart() {
        plane->stop();
        plane.reset();
        start();
    }

    /// Two counties, and one account of each kind; passwords hashed cheaply.
    void prepare() {
        auto db = *store::Database::open("sqlite:", dir.path());
        RosterStore rosters{*db};
        REQUIRE(rosters.migrate());
        ImportPlan plan;
        plan.counties = {{"510113", "示例县"}, {"510114", "邻县"}};
        plan.rooms = {{"510113-01", "教师发展中心", "510113", {}, "王工", true},
                      {"510113-02", "城关三小", "510113", {}, "赵工", true},
                      {"510114-01", "邻县一小", "510114", {}, "", true}};
        const auto hash = auth::hash_password(kPassword, {1024, 8, 1});
        const auto add = [&](std::string name, auth::Role role, std::string county,
                             std::vector<std::string> rooms = {}) {
            plan.accounts.push_back(
                {std::move(name), "某某", role, std::move(county), std::move(rooms), hash, true});
        };
        add("t2", auth::Role::teacher, "510113", {"510113-02"});
        add("j2", auth::Role::technician, "510113", {"510113-02"});
        add("it", auth::Role::county_it, "510113");
        add("it14", auth::Role::county_it, "510114");
        add("city", auth::Role::city, "5101");
        add("prov", auth::Role::province, "52");
        add("op", auth::Role::operator_, "");
        add("sys", auth::Role::system_admin, "");
        add("sec", auth::Role::security_admin, "");
        add("aud", auth::Role::audit_admin, "");
        plan.changes.push_back({RosterChange::Kind::added, "", ""});
        REQUIRE(rosters.apply(plan));
    }

    http::Request request(std::string method, const std::string& target, std::string body = {}) const {
        http::Request r;
        r.method = std::move(method);
        r.target = target;
        r.path = target.substr(0, target.find('?'));
        if (const auto q = target.find('?'); q != std::string::npos) {
            const auto text = target.substr(q + 1);
            r.query.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
        }
        r.peer = r.socket_peer = peer;
        r.headers = {{"host", "relay.example"}};
        if (!body.empty()) r.headers.emplace_back("content-type", "application/json");
        if (!cookie.empty()) r.headers.emplace_back("cookie", "tongke_relay=" + cookie);
        r.body = std::move(body);
        return r;
    }
    /// The answer, if it came at once.
    std::optional<http::Response> ask(http::Request r) {
        auto answer = std::make_shared<std::optional<http::Response>>();
        router.handle(std::move(r),
                      http::Reply{[answer](http::Response response) { *answer = std::move(response); }});
        last = answer;
        return *answer;
    }
    http::Response call(std::string method, const std::string& target, std::string body = {}) {
        auto answer = ask(request(std::move(method), target, std::move(body)));
        REQUIRE(answer.has_value());
        return *answer;
    }
    http::Response get(const std::string& target) { return call("GET", target); }
    int status(const std::string& target) { return get(target).status; }

    http::Response sign_in(std::string_view account, std::string_view password = kPassword) {
        auto response =
            call("POST", "/api/v1/session",
                 boost::json::serialize(boost::json::object{{"account", account}, {"password", password}}));
        if (const auto set = response.header("Set-Cookie"); !set.empty()) {
            const auto begin = set.find('=') + 1;
            cookie = set.substr(begin, set.find(';') - begin);
        }
        return response;
    }
    void sign_in_as(std::string_view account) {
        cookie.clear();
        REQUIRE(sign_in(account).status == 200);
    }

    CommandContext command() { return {dir.path(), "sqlite:", "cli:test", clock, out, err}; }
    std::ostringstream out, err;
    std::shared_ptr<std::optional<http::Response>> last;  // fills when a held-back answer comes
};

/// A county's node with its own key, as enrolled.
struct NodeClient {
    Site& site;
    auth::SigningKey key = auth::SigningKey::generate();
    std::string id;

    explicit NodeClient(Site& where, const std::string& county = "510113") : site(where) {
        const auto answer = enrol(invite(county));
        REQUIRE(answer.status == 200);
        id = std::string{boost::json::parse(answer.text).at("node").as_string()};
    }
    std::string invite(const std::string& county) {
        site.out.str("");
        REQUIRE(invite_node(site.command(), county) == 0);
        auto code = site.out.str();
        return code.substr(0, code.find('\n'));
    }
    http::Response enrol(const std::string& code) {
        return site.call(
            "POST", "/api/v1/node/enroll",
            boost::json::serialize(boost::json::object{{"code", code}, {"csr", key.make_csr("node")}}));
    }
    http::Request signed_request(std::string method, const std::string& target, std::string body = {}) const {
        auto r = site.request(std::move(method), target, std::move(body));
        const auto token = auth::make_node_request(key, id, {r.method, r.path, r.body}, site.clock.wall());
        r.headers.emplace_back("authorization", "Bearer " + token);
        return r;
    }
    std::optional<http::Response> bundle(std::int64_t after) {
        return site.ask(signed_request("GET", "/api/v1/node/bundle?after=" + std::to_string(after)));
    }
    http::Response report(const std::string& rooms, const std::string& events = "",
                          const std::string& tests = "") {
        const auto body = R"({"node":")" + id + R"(","boot":"ab12","seq_from":1,"rooms":[)" + rooms +
                          R"(],"upstream":{"connected":true},"events":[)" + events + R"(],"tests":[)" +
                          tests + "]}";
        auto answer = site.ask(signed_request("POST", "/api/v1/node/telemetry", body));
        REQUIRE(answer.has_value());
        return *answer;
    }
};

inline std::string audit_text(const Site& site) {
    std::ifstream in{audit_path(site.dir.path())};
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::string code_of(const http::Response& response) {
    boost::system::error_code error;
    const auto root = boost::json::parse(response.text, error);
    if (error || !root.is_object() || !root.as_object().contains("code")) return {};
    return std::string{root.at("code").as_string()};
}

}  // namespace tongke::relay::test_site
