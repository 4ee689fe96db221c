#include "relay/fleet/record_store.hpp"

#include <fmt/core.h>

#include <charconv>

#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

const std::vector<store::Migration>& migrations() {
    static const std::vector<store::Migration> steps{
        {1,
         {"CREATE TABLE events (node TEXT NOT NULL, boot TEXT NOT NULL, seq BIGINT NOT NULL, "
          "position BIGINT NOT NULL UNIQUE, room TEXT NOT NULL, type TEXT NOT NULL, begin_ms BIGINT NOT "
          "NULL, "
          "end_ms BIGINT, seconds DOUBLE PRECISION, class TEXT NOT NULL, hop TEXT NOT NULL, "
          "share DOUBLE PRECISION, qoe_version TEXT NOT NULL, final_hop TEXT, received_ms BIGINT NOT NULL, "
          "PRIMARY KEY (node, boot, seq))",
          "CREATE INDEX events_of_room ON events (room, position)",
          "CREATE INDEX events_by_begin ON events (type, begin_ms)",
          "CREATE TABLE tests (id TEXT NOT NULL, node TEXT NOT NULL, room TEXT NOT NULL, begin_ms BIGINT NOT "
          "NULL, "
          "end_ms BIGINT, verdict TEXT NOT NULL, body TEXT NOT NULL, received_ms BIGINT NOT NULL, "
          "PRIMARY KEY (node, id))",
          "CREATE INDEX tests_of_room ON tests (room, begin_ms)"}}};
    return steps;
}

constexpr std::string_view kEventColumns =
    "position, node, boot, seq, room, type, begin_ms, end_ms, seconds, class, hop, share, qoe_version, "
    "final_hop";

std::optional<std::int64_t> ms_of(const std::optional<WallTime>& t) {
    return t ? std::optional{unix_ms(*t)} : std::nullopt;
}
std::optional<WallTime> wall_of(const std::optional<std::int64_t>& ms) {
    return ms ? std::optional{from_unix_ms(*ms)} : std::nullopt;
}

using TestRow = std::tuple<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                           std::string, std::string>;
constexpr std::string_view kTestColumns = "node, id, room, begin_ms, end_ms, verdict, body";

std::vector<StoredTest> tests_from(const std::vector<TestRow>& rows) {
    std::vector<StoredTest> out;
    for (const auto& [node, id, room, begin, end, verdict, body] : rows)
        out.push_back({node, {"", 0, id, room, verdict, from_unix_ms(begin), wall_of(end), body}});
    return out;
}

Result<std::vector<StoredTest>> select_tests(store::Database& db, const std::string& rest,
                                             const store::Values& values) {
    const auto rows = db.query<std::string, std::string, std::string, std::int64_t,
                               std::optional<std::int64_t>, std::string, std::string>(
        fmt::format("SELECT {} FROM tests {}", kTestColumns, rest), values);
    if (!rows) return rows.error();
    return tests_from(*rows);
}

}  // namespace

Result<void> RecordStore::migrate() { return store::migrate(db_, "records", migrations()); }

Result<std::int64_t> RecordStore::newest_position() {
    const auto rows = db_.query<std::int64_t>("SELECT position FROM events ORDER BY position DESC LIMIT 1");
    if (!rows) return rows.error();
    return rows->empty() ? 0 : std::get<0>(rows->front());
}

Result<std::int64_t> RecordStore::insert(const std::string& node, const EventRecord& e, WallTime now,
                                         std::int64_t position) {
    // One row, or none when it was known.
    return db_.execute(
        "INSERT INTO events (node, boot, seq, position, room, type, begin_ms, end_ms, seconds, class, hop, "
        "share, "
        "qoe_version, received_ms) VALUES (:node, :boot, :seq, :position, :room, :type, :begin, :end, "
        ":seconds, "
        ":class, :hop, :share, :version, :received) ON CONFLICT (node, boot, seq) DO NOTHING",
        {node, e.boot, e.seq, position, e.room, e.type, unix_ms(e.begin), store::nullable(ms_of(e.end)),
         store::nullable(e.seconds), e.cls, e.hop, store::nullable(e.share), e.qoe_version, unix_ms(now)});
}

Result<void> RecordStore::save(const std::string& node, const TestRecord& t, WallTime now) {
    // A finished record is never replaced by an older, unfinished copy of itself.
    auto ok = db_.execute(
        "INSERT INTO tests (id, node, room, begin_ms, end_ms, verdict, body, received_ms) "
        "VALUES (:id, :node, :room, :begin, :end, :verdict, :body, :received) "
        "ON CONFLICT (node, id) DO UPDATE SET end_ms = excluded.end_ms, verdict = excluded.verdict, "
        "body = excluded.body, received_ms = excluded.received_ms WHERE tests.verdict = ''",
        {t.id, node, t.room, unix_ms(t.begin), store::nullable(ms_of(t.end)), t.verdict, t.json,
         unix_ms(now)});
    if (!ok) return ok.error();
    return {};
}

Result<RecordStore::Stored> RecordStore::store(const std::string& node, const Telemetry& telemetry,
                                               WallTime now) {
    Stored out;
    out.acknowledged = telemetry.last_seq;
    if (telemetry.events.empty() && telemetry.tests.empty()) return out;
    auto position = position_;
    const auto done = db_.transaction([&]() -> Result<void> {
        if (position < 0) {
            const auto newest = newest_position();
            if (!newest) return newest.error();
            position = *newest;
        }
        for (const auto& event : telemetry.events) {
            const auto fresh = insert(node, event, now, position + 1);
            if (!fresh) return fresh.error();
            if (*fresh > 0) out.fresh.push_back({++position, node, event, std::nullopt});
        }
        for (const auto& test : telemetry.tests)
            if (auto ok = save(node, test, now); !ok) return ok;
        return {};
    });
    // After a failure the table decides again where it stands.
    position_ = done ? position : -1;
    if (!done) return done.error();
    return out;
}

Result<std::vector<StoredEvent>> RecordStore::select(const std::string& rest, const store::Values& values) {
    const auto rows =
        db_.query<std::int64_t, std::string, std::string, std::int64_t, std::string, std::string,
                  std::int64_t, std::optional<std::int64_t>, std::optional<double>, std::string, std::string,
                  std::optional<double>, std::string, std::optional<std::string>>(
            fmt::format("SELECT {} FROM events {}", kEventColumns, rest), values);
    if (!rows) return rows.error();
    std::vector<StoredEvent> out;
    for (const auto& [position, node, boot, seq, room, type, begin, end, seconds, cls, hop, share, version,
                      final_hop] : *rows)
        out.push_back(
            {position,
             node,
             {boot, seq, room, type, from_unix_ms(begin), wall_of(end), seconds, cls, hop, share, version},
             final_hop});
    return out;
}

Result<std::optional<RecordStore::Page>> RecordStore::events_after(const std::string& room,
                                                                   const std::string& cursor, int limit) {
    std::int64_t after = 0;
    if (!cursor.empty()) {
        const auto colon = cursor.rfind(':');
        std::int64_t seq = 0;
        if (colon == std::string::npos) return std::optional<Page>{};
        const auto* end = cursor.data() + cursor.size();
        if (std::from_chars(cursor.data() + colon + 1, end, seq).ptr != end) return std::optional<Page>{};
        const auto found =
            select("WHERE boot = :boot AND seq = :seq AND room = :room ORDER BY position LIMIT 1",
                   {cursor.substr(0, colon), seq, room});
        if (!found) return found.error();
        if (found->empty()) return std::optional<Page>{};
        after = found->front().position;
    }
    auto events =
        select(fmt::format("WHERE room = :room AND position > :after ORDER BY position LIMIT {}", limit),
               {room, after});
    if (!events) return events.error();
    Page page{std::move(*events), cursor};
    if (!page.events.empty())
        page.next = fmt::format("{}:{}", page.events.back().event.boot, page.events.back().event.seq);
    return std::optional{std::move(page)};
}

Result<std::vector<StoredEvent>> RecordStore::stalls_between(WallTime from, WallTime to) {
    return select("WHERE type = 'stall_end' AND begin_ms >= :from AND begin_ms < :to ORDER BY position",
                  {unix_ms(from), unix_ms(to)});
}

Result<std::vector<StoredEvent>> RecordStore::unsettled() {
    return select("WHERE type = 'stall_end' AND final_hop IS NULL ORDER BY position", {});
}

Result<void> RecordStore::settle(std::int64_t position, const std::string& hop) {
    auto ok = db_.execute("UPDATE events SET final_hop = :hop WHERE position = :position", {hop, position});
    if (!ok) return ok.error();
    return {};
}

Result<std::vector<StoredTest>> RecordStore::tests_of(const std::string& room, int limit) {
    return select_tests(db_, fmt::format("WHERE room = :room ORDER BY begin_ms DESC LIMIT {}", limit),
                        {room});
}

Result<std::optional<StoredTest>> RecordStore::test(const std::string& room, const std::string& id) {
    auto found =
        select_tests(db_, "WHERE room = :room AND id = :id ORDER BY begin_ms DESC LIMIT 1", {room, id});
    if (!found) return found.error();
    if (found->empty()) return std::optional<StoredTest>{};
    return std::optional{std::move(found->front())};
}

Result<std::vector<StoredTest>> RecordStore::last_tests() {
    return select_tests(db_,
                        "AS t WHERE verdict <> '' AND NOT EXISTS (SELECT 1 FROM tests AS later WHERE "
                        "later.room = t.room AND later.verdict <> '' AND later.begin_ms > t.begin_ms)",
                        {});
}

}  // namespace tongke::relay
