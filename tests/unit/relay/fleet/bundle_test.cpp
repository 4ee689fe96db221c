#include <boost/json.hpp>

#include "common/auth/jws.hpp"
#include "common/auth/play_token.hpp"
#include "relay/fleet/bundle_office.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;
namespace json = boost::json;

namespace {

Roster sample() {
    Roster r;
    r.counties = {{"510113", {"510113", "示例县"}}, {"510114", {"510114", "邻县"}}};
    r.rooms["510113-02"] = {"510113-02", "城关三小", "510113", {"10.1.0.0/16"}, "王工", true};
    r.rooms["510113-03"] = {"510113-03", "旧址", "510113", {}, "", false};
    r.rooms["510114-01"] = {"510114-01", "邻县一小", "510114", {}, "", true};
    r.accounts["t2"] = {"t2", "李老师", auth::Role::teacher, "510113", {"510113-02"}, "scrypt$t2", true};
    r.accounts["it"] = {"it", "县技术", auth::Role::county_it, "510113", {}, "scrypt$it", true};
    r.accounts["op"] = {"op", "值班员", auth::Role::operator_, "", {}, "scrypt$op", true};
    r.accounts["gone"] = {"gone", "旧人", auth::Role::technician, "510113", {}, "scrypt$gone", false};
    r.accounts["t9"] = {"t9", "陈老师", auth::Role::teacher, "510114", {"510114-01"}, "scrypt$t9", true};
    r.index();
    return r;
}

struct Office {
    test::TemporaryDir dir;
    std::unique_ptr<store::Database> db = *store::Database::open("sqlite:", dir.path());
    NodeStore nodes{*db};
    auth::SigningKey key = auth::SigningKey::generate();
    ManualClock clock;
    Roster roster = sample();
    std::vector<Slot> schedule;
    Node node{"n-510113-1", "510113", "", {}, {}, "", false};
    BundleOffice office{nodes, key, BundleConfig{}};
    Office() { REQUIRE(nodes.migrate()); }

    StoredBundle current() { return *office.current(node, roster, schedule, clock.wall()); }
};

json::object payload(const Office& o, const StoredBundle& bundle) {
    const auto text = auth::verify_jws(bundle.jws, o.key.public_key());
    REQUIRE(text.has_value());
    return json::parse(*text).as_object();
}

}  // namespace

TEST_CASE("a bundle holds its county's rooms and people and nobody else") {
    Office o;
    const auto bundle = payload(o, o.current());
    CHECK(bundle.at("version") == 1);
    CHECK(bundle.at("node") == "n-510113-1");
    CHECK(bundle.at("county").at("name") == "示例县");
    REQUIRE(bundle.at("rooms").as_array().size() == 1);
    CHECK(bundle.at("rooms").at(0).at("teacher") == "t2");
    CHECK(bundle.at("rooms").at(0).at("networks").at(0) == "10.1.0.0/16");
    const auto text = json::serialize(bundle.at("accounts"));
    CHECK(text.find("\"t2\"") != std::string::npos);
    CHECK(text.find("\"it\"") != std::string::npos);
    for (const auto* other : {"\"op\"", "\"t9\"", "\"gone\""}) CHECK(text.find(other) == std::string::npos);
}

TEST_CASE("its play tokens are for this node and both streams") {
    Office o;
    const auto bundle = payload(o, o.current());
    const auth::PlayTokenVerifier verifier{{o.key.public_key()}};
    for (const auto* stream : {"main", "test"}) {
        const std::string token{bundle.at("play_tokens").at(stream).as_string()};
        const auto verified = verifier.verify(token, stream, o.clock.wall(), auth::PlayMoment::join);
        REQUIRE(verified.has_value());
        CHECK(verified->node == "n-510113-1");
    }
}

TEST_CASE("the schedule carries what touches the county, with only its own rooms") {
    Office o;
    const auto now = o.clock.wall();
    const auto hour = std::chrono::hours{1};
    o.schedule = {{"all", SlotKind::lesson, "a", now, now + hour, {}},
                  {"both", SlotKind::debug, "b", now, now + hour, {"510113-02", "510114-01"}},
                  {"other", SlotKind::debug, "c", now, now + hour, {"510114-01"}},
                  {"old", SlotKind::break_, "d", now - 100 * hour, now - 99 * hour, {}}};
    const auto slots = payload(o, o.current()).at("schedule").as_array();
    REQUIRE(slots.size() == 2);
    CHECK(slots[0].at("id") == "all");
    CHECK(slots[1].at("rooms").as_array().size() == 1);
}

TEST_CASE("the version rises with a change of this county and with nothing else") {
    Office o;
    CHECK(o.current().version == 1);
    CHECK(o.current().version == 1);
    o.roster.rooms["510114-01"].name = "改名";
    o.office.changed();
    CHECK(o.current().version == 1);
    o.roster.accounts["t2"].password = "scrypt$new";
    o.office.changed();
    CHECK(o.current().version == 2);
}

TEST_CASE("the version goes on rising after a restart, and an unchanged bundle stays the same") {
    Office o;
    const auto first = o.current();
    BundleOffice restarted{o.nodes, o.key, BundleConfig{}};
    CHECK(restarted.current(o.node, o.roster, o.schedule, o.clock.wall())->jws == first.jws);
    o.roster.rooms["510113-02"].name = "新名";
    restarted.changed();
    CHECK(restarted.current(o.node, o.roster, o.schedule, o.clock.wall())->version == 2);
}

TEST_CASE("a bundle is issued anew at half of its validity, and when the clock was set far back") {
    Office o;
    const auto first = o.current();
    CHECK(first.valid_until - first.issued == std::chrono::hours{7 * 24});
    o.clock.advance(std::chrono::hours{84} - std::chrono::seconds{1});
    CHECK(o.current().version == 1);
    o.clock.advance(std::chrono::seconds{1});
    CHECK(o.current().version == 2);
    o.clock.set_wall(first.issued);
    CHECK(o.current().version == 3);
}
