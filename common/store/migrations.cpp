#include "common/store/migrations.hpp"

namespace tongke::store {
namespace {

Result<void> make_bookkeeping_tables(Database& db) {
    for (const auto* sql :
         {"CREATE TABLE IF NOT EXISTS schema_steps (part TEXT NOT NULL, number BIGINT NOT NULL, "
          "PRIMARY KEY (part, number))",
          "CREATE TABLE IF NOT EXISTS changes (topic TEXT PRIMARY KEY, counter BIGINT NOT NULL)"}) {
        if (auto done = db.execute(sql); !done) return done.error();
    }
    return {};
}

Result<std::int64_t> newest_step(Database& db, std::string_view part) {
    const auto rows = db.query<std::int64_t>(
        "SELECT number FROM schema_steps WHERE part = :part ORDER BY number DESC LIMIT 1",
        {std::string{part}});
    if (!rows) return rows.error();
    return rows->empty() ? 0 : std::get<0>(rows->front());
}

Result<void> apply(Database& db, std::string_view part, const Migration& step) {
    for (const auto sql : step.statements) {
        if (auto done = db.execute(sql); !done) return done.error();
    }
    if (auto done = db.execute("INSERT INTO schema_steps (part, number) VALUES (:part, :number)",
                               {std::string{part}, step.number});
        !done)
        return done.error();
    return {};
}

}  // namespace

Result<void> migrate(Database& db, std::string_view part, std::span<const Migration> steps) {
    return db.transaction([&]() -> Result<void> {
        if (auto made = make_bookkeeping_tables(db); !made) return made;
        const auto newest = newest_step(db, part);
        if (!newest) return newest.error();
        if (*newest > (steps.empty() ? 0 : steps.back().number)) return Errc::newer_schema;
        for (const auto& step : steps) {
            if (step.number <= *newest) continue;
            if (auto done = apply(db, part, step); !done) return done;
        }
        return {};
    });
}

Result<void> note_change(Database& db, std::string_view topic) {
    const auto done = db.execute(
        "INSERT INTO changes (topic, counter) VALUES (:topic, 1) "
        "ON CONFLICT (topic) DO UPDATE SET counter = changes.counter + 1",
        {std::string{topic}});
    if (!done) return done.error();
    return {};
}

Result<std::int64_t> change_count(Database& db, std::string_view topic) {
    const auto rows =
        db.query<std::int64_t>("SELECT counter FROM changes WHERE topic = :topic", {std::string{topic}});
    if (!rows) return rows.error();
    return rows->empty() ? 0 : std::get<0>(rows->front());
}

}  // namespace tongke::store
