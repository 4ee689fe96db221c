#include "relay/schedule/schedule_store.hpp"

#include "common/store/list_text.hpp"
#include "common/store/migrations.hpp"

namespace tongke::relay {
namespace {

const std::vector<store::Migration>& migrations() {
    static const std::vector<store::Migration> steps{
        {1,
         {"CREATE TABLE slots (id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, "
          "begin_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, rooms TEXT NOT NULL)"}}};
    return steps;
}

}  // namespace

Result<void> ScheduleStore::migrate() { return store::migrate(db_, "schedule", migrations()); }

Result<std::vector<Slot>> ScheduleStore::load() {
    const auto rows =
        db_.query<std::string, std::string, std::string, std::int64_t, std::int64_t, std::string>(
            "SELECT id, kind, title, begin_ms, end_ms, rooms FROM slots ORDER BY begin_ms, id");
    if (!rows) return rows.error();
    std::vector<Slot> slots;
    for (const auto& [id, kind, title, begin, end, rooms] : *rows) {
        if (const auto known = slot_kind_from(kind))
            slots.push_back(
                {id, *known, title, from_unix_ms(begin), from_unix_ms(end), store::split_list(rooms)});
    }
    return slots;
}

Result<void> ScheduleStore::replace(const std::vector<Slot>& slots) {
    return db_.transaction([&]() -> Result<void> {
        const auto stored = load();
        if (!stored) return stored.error();
        if (*stored == slots) return {};
        if (auto ok = db_.execute("DELETE FROM slots"); !ok) return ok.error();
        for (const auto& slot : slots) {
            auto ok = db_.execute(
                "INSERT INTO slots (id, kind, title, begin_ms, end_ms, rooms) "
                "VALUES (:id, :kind, :title, :begin, :end, :rooms)",
                {slot.id, std::string{slot_kind_name(slot.kind)}, slot.title, unix_ms(slot.begin),
                 unix_ms(slot.end), store::join_list(slot.rooms)});
            if (!ok) return ok.error();
        }
        return store::note_change(db_, kScheduleTopic);
    });
}

}  // namespace tongke::relay
