#include "common/auth/jws.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/player/rooms/county.hpp"

using namespace tongke;
using namespace tongke::player;

TEST_CASE("a bundle is read whole and unknown members are left alone") {
    const auto bundle = county();
    CHECK(bundle.version == 12);
    CHECK(bundle.rooms.size() == 3);
    CHECK(bundle.room("r2")->networks[1].text() == "fd00:7::/32");
    CHECK(bundle.room("r3")->teacher.empty());
    CHECK(bundle.account("it")->role == auth::Role::county_it);
    CHECK(bundle.schedule.front().id == "s1");
    CHECK(bundle.play_token("main") == "M");
    CHECK(bundle.play_token("other").empty());
}

namespace {
std::string with(std::string_view from, std::string_view to) {
    std::string text{kCountyJson};
    text.replace(text.find(from), from.size(), to);
    return text;
}
}  // namespace

TEST_CASE("every fault of a bundle has its own error") {
    CHECK(parse_bundle("[]").error() == BundleError::not_json);
    CHECK(parse_bundle("{").error() == BundleError::not_json);
    CHECK(parse_bundle("{}").error() == BundleError::missing_member);
    CHECK(parse_bundle(with("\"version\":12", "\"version\":\"12\"")).error() == BundleError::wrong_type);
    CHECK(parse_bundle(with("\"county_it\"", "\"principal\"")).error() == BundleError::unknown_word);
    CHECK(parse_bundle(with("192.168.7.0/24", "192.168.7.0/99")).error() == BundleError::bad_network);
    CHECK(parse_bundle(with("2025-04-17T12:00:00+08:00", "2025-04-17T08:00:00+08:00")).error() ==
          BundleError::bad_time);
    CHECK(parse_bundle(with("2025-04-17T12:00:00+08:00", "noon")).error() == BundleError::bad_time);
    CHECK(parse_bundle(with("\"id\":\"r2\"", "\"id\":\"r1\"")).error() == BundleError::twice);
    CHECK(parse_bundle(with("[\"r1\"]", "[1]")).error() == BundleError::wrong_type);
}

TEST_CASE("only the pinned key's bundle for this node and no older one is taken") {
    const auto relay = auth::SigningKey::generate(), stranger = auth::SigningKey::generate();
    const auto jws = auth::sign_jws(relay, kCountyJson, "tongke-bundle");
    CHECK(verify_bundle(jws, relay.public_key(), "n-1", 12)->version == 12);
    CHECK(verify_bundle(jws, relay.public_key(), "n-1", 13).error() == BundleError::older);
    CHECK(verify_bundle(jws, relay.public_key(), "n-2", 0).error() == BundleError::other_node);
    CHECK(verify_bundle(jws, stranger.public_key(), "n-1", 0).has_error());
    auto changed = jws;
    changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
    CHECK(verify_bundle(changed, relay.public_key(), "n-1", 0).has_error());
}
