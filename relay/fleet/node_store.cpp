#include "relay/fleet/node_store.hpp"

#include <fmt/core.h>

#include <charconv>

#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

const std::vector<store::Migration>& migrations() {
    static const std::vector<store::Migration> steps{
        {1,
         {"CREATE TABLE nodes (id TEXT PRIMARY KEY, county TEXT NOT NULL, public_key TEXT NOT NULL, "
          "enrolled_ms BIGINT NOT NULL, last_seen_ms BIGINT, last_boot TEXT NOT NULL, revoked BIGINT NOT "
          "NULL)",
          "CREATE TABLE invites (code_hash TEXT PRIMARY KEY, county TEXT NOT NULL, created_ms BIGINT NOT "
          "NULL, "
          "expires_ms BIGINT NOT NULL, used_by TEXT)",
          "CREATE TABLE bundles (node TEXT PRIMARY KEY, version BIGINT NOT NULL, content TEXT NOT NULL, "
          "issued_ms BIGINT NOT NULL, valid_until_ms BIGINT NOT NULL, jws TEXT NOT NULL)"}}};
    return steps;
}

using NodeRow = std::tuple<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                           std::string, std::int64_t>;
constexpr std::string_view kNodeColumns =
    "id, county, public_key, enrolled_ms, last_seen_ms, last_boot, revoked";

Node node_of(const NodeRow& row) {
    const auto& [id, county, key, enrolled, seen, boot, revoked] = row;
    Node node{id, county, key, from_unix_ms(enrolled), std::nullopt, boot, revoked != 0};
    if (seen) node.last_seen = from_unix_ms(*seen);
    return node;
}

auto query_nodes(store::Database& db, const std::string& rest, const store::Values& values) {
    return db.query<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                    std::string, std::int64_t>(fmt::format("SELECT {} FROM nodes {}", kNodeColumns, rest),
                                               values);
}

}  // namespace

Result<void> NodeStore::migrate() { return store::migrate(db_, "fleet", migrations()); }

Result<std::vector<Node>> NodeStore::nodes() {
    const auto rows = query_nodes(db_, "ORDER BY id", {});
    if (!rows) return rows.error();
    std::vector<Node> out;
    for (const auto& row : *rows) out.push_back(node_of(row));
    return out;
}

Result<void> NodeStore::seen(const std::string& node, WallTime at, const std::string& boot) {
    auto ok = db_.execute("UPDATE nodes SET last_seen_ms = :at, last_boot = :boot WHERE id = :id",
                          {unix_ms(at), boot, node});
    if (!ok) return ok.error();
    return {};
}

Result<void> NodeStore::add_invite(const std::string& code_hash, const std::string& county, WallTime now,
                                   WallTime expires) {
    auto ok = db_.execute(
        "INSERT INTO invites (code_hash, county, created_ms, expires_ms) "
        "VALUES (:hash, :county, :created, :expires)",
        {code_hash, county, unix_ms(now), unix_ms(expires)});
    if (!ok) return ok.error();
    return {};
}

Result<std::optional<Node>> NodeStore::node_with_key(const std::string& county,
                                                     const std::string& public_key) {
    const auto rows = query_nodes(db_, "WHERE county = :county AND public_key = :key AND revoked = 0",
                                  {county, public_key});
    if (!rows) return rows.error();
    if (rows->empty()) return std::optional<Node>{};
    return std::optional{node_of(rows->front())};
}

Result<Node> NodeStore::add_node(const std::string& county, const std::string& public_key, WallTime now) {
    const auto taken = db_.query<std::string>("SELECT id FROM nodes WHERE county = :county", {county});
    if (!taken) return taken.error();
    int highest = 0;
    for (const auto& [id] : *taken) {
        int k = 0;
        const auto at = id.rfind('-') + 1;
        std::from_chars(id.data() + at, id.data() + id.size(), k);
        highest = std::max(highest, k);
    }
    Node node{fmt::format("n-{}-{}", county, highest + 1), county, public_key, now, std::nullopt, "", false};
    auto ok = db_.execute(
        "INSERT INTO nodes (id, county, public_key, enrolled_ms, last_boot, revoked) "
        "VALUES (:id, :county, :key, :enrolled, '', 0)",
        {node.id, county, public_key, unix_ms(now)});
    if (!ok) return ok.error();
    return node;
}

Result<NodeStore::Enrolled> NodeStore::enrol(const std::string& code_hash, const std::string& public_key,
                                             WallTime now) {
    Enrolled out;
    const auto done = db_.transaction([&]() -> Result<void> {
        const auto invites = db_.query<std::string, std::int64_t, std::optional<std::string>>(
            "SELECT county, expires_ms, used_by FROM invites WHERE code_hash = :hash", {code_hash});
        if (!invites) return invites.error();
        out.refusal = Refusal::unknown_code;
        if (invites->empty()) return {};
        const auto& [county, expires, used_by] = invites->front();
        const auto known = node_with_key(county, public_key);
        if (!known) return known.error();
        out.refusal = Refusal::used_code;
        if (used_by && !(*known && (*known)->id == *used_by)) return {};
        out.refusal = Refusal::expired_code;
        if (unix_ms(now) >= expires) return {};
        auto node = *known ? Result<Node>{**known} : add_node(county, public_key, now);
        if (!node) return node.error();
        out = {Refusal::none, *node};
        auto used =
            db_.execute("UPDATE invites SET used_by = :node WHERE code_hash = :hash", {node->id, code_hash});
        if (!used) return used.error();
        return {};
    });
    if (!done) return done.error();
    return out;
}

Result<std::optional<StoredBundle>> NodeStore::bundle(const std::string& node) {
    const auto rows = db_.query<std::int64_t, std::string, std::int64_t, std::int64_t, std::string>(
        "SELECT version, content, issued_ms, valid_until_ms, jws FROM bundles WHERE node = :node", {node});
    if (!rows) return rows.error();
    if (rows->empty()) return std::optional<StoredBundle>{};
    const auto& [version, content, issued, valid, jws] = rows->front();
    return std::optional{StoredBundle{version, content, from_unix_ms(issued), from_unix_ms(valid), jws}};
}

Result<void> NodeStore::save_bundle(const std::string& node, const StoredBundle& bundle) {
    // A version never falls, also when two relays share the database.
    auto ok = db_.execute(
        "INSERT INTO bundles (node, version, content, issued_ms, valid_until_ms, jws) "
        "VALUES (:node, :version, :content, :issued, :valid, :jws) "
        "ON CONFLICT (node) DO UPDATE SET version = excluded.version, content = excluded.content, "
        "issued_ms = excluded.issued_ms, valid_until_ms = excluded.valid_until_ms, jws = excluded.jws "
        "WHERE excluded.version > bundles.version",
        {node, bundle.version, bundle.content, unix_ms(bundle.issued), unix_ms(bundle.valid_until),
         bundle.jws});
    if (!ok) return ok.error();
    return {};
}

}  // namespace tongke::relay
