#include "common/store/migrations.hpp"
#include "common/time/format.hpp"
#include "relay/schedule/schedule_json.hpp"
#include "relay/schedule/schedule_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

const std::set<std::string, std::less<>> kRooms{"510113-01", "510113-02"};

std::string item(std::string_view id, std::string_view kind, std::string_view begin, std::string_view end,
                 std::string_view rooms = "[]") {
    return std::string{R"({"id":")"}
        .append(id)
        .append(R"(","kind":")")
        .append(kind)
        .append(R"(","title":"示例课程","begin":")")
        .append(begin)
        .append(R"(","end":")")
        .append(end)
        .append(R"(","rooms":)")
        .append(rooms)
        .append("}");
}
ScheduleReading read(const std::string& items) {
    return read_schedule("{\"schedule\":[" + items + "]}", kRooms);
}

constexpr auto k9 = "2025-04-17T09:00:00+08:00", k10 = "2025-04-17T10:00:00+08:00",
               k11 = "2025-04-17T11:00:00+08:00";

}  // namespace

TEST_CASE("a schedule is read in the order of its begins") {
    const auto r =
        read(item("b", "discussion", k10, k11) + "," + item("a", "lesson", k9, k10, R"(["510113-02"])"));
    REQUIRE(r.errors.empty());
    REQUIRE(r.slots.size() == 2);
    CHECK(r.slots[0] ==
          Slot{"a", SlotKind::lesson, "示例课程", *parse_iso8601(k9), *parse_iso8601(k10), {"510113-02"}});
    CHECK(r.slots[1].rooms.empty());
}

TEST_CASE("what is written is read again as the same") {
    const auto r =
        read(item("a", "lesson", k9, k10, R"(["510113-02"])") + "," + item("b", "break", k10, k11));
    CHECK(read_schedule(write_schedule(r.slots), kRooms).slots == r.slots);
}

TEST_CASE("a debug window may cover a lesson, two lessons in one room may not overlap") {
    CHECK(read(item("a", "lesson", k9, k11) + "," + item("b", "debug", k9, k11)).errors.empty());
    CHECK(read(item("a", "lesson", k9, k11, R"(["510113-01"])") + "," +
               item("b", "lesson", k9, k11, R"(["510113-02"])"))
              .errors.empty());
    const auto r =
        read(item("a", "lesson", k9, k11) + "," + item("b", "lesson", k10, k11, R"(["510113-02"])"));
    CHECK(r.errors == std::vector<std::string>{"“b”：与“a”时间重叠"});
}

TEST_CASE("every mistake is named with its item, and then nothing is taken") {
    const auto r =
        read(item("", "lesson", k9, k10) + "," + item("x", "party", k9, k10) + "," +
             item("y", "lesson", k10, k9) + "," + item("z", "lesson", "2025-04-17 09:00", k10) + "," +
             item("x", "break", k9, k10, R"(["999999-01"])") + "," + item("v", "debug", k9, k10, "7") + ",3");
    CHECK(r.slots.empty());
    CHECK(r.errors.size() == 8);
    CHECK(r.errors[0] == "第 1 项：缺少 id（1 到 64 个字符）");
    CHECK(r.errors[1] == "“x”：kind “party”应为 lesson、debug、break 或 discussion");
    CHECK(r.errors[2] == "“y”：结束时间应晚于开始时间");
    CHECK(r.errors[5] == "“x”：没有分课堂“999999-01”");
    CHECK(read_schedule("not json", kRooms).errors.front() == "文件不是合法的 JSON");
    CHECK(read_schedule("{}", kRooms).errors.front() == "缺少“schedule”数组");
}

TEST_CASE("a slot begins with its first instant and ends before its last") {
    const auto slots = read(item("a", "lesson", k9, k10, R"(["510113-02"])")).slots;
    CHECK(slot_at(slots, "510113-02", SlotKind::lesson, *parse_iso8601(k9)) == &slots[0]);
    CHECK(slot_at(slots, "510113-02", SlotKind::lesson, *parse_iso8601(k10)) == nullptr);
    CHECK(slot_at(slots, "510113-01", SlotKind::lesson, *parse_iso8601(k9)) == nullptr);
    CHECK(slot_at(slots, "510113-02", SlotKind::debug, *parse_iso8601(k9)) == nullptr);
}

TEST_CASE("a stored schedule is loaded as it was, and storing the same announces nothing") {
    const test::TemporaryDir dir;
    auto db = *store::Database::open("sqlite:", dir.path());
    ScheduleStore schedule{*db};
    REQUIRE(schedule.migrate());
    const auto slots = read(item("a", "lesson", k9, k10, R"(["510113-01","510113-02"])") + "," +
                            item("b", "break", k10, k11))
                           .slots;
    REQUIRE(schedule.replace(slots));
    CHECK(*schedule.load() == slots);
    REQUIRE(schedule.replace(slots));
    CHECK(*store::change_count(*db, kScheduleTopic) == 1);
    REQUIRE(schedule.replace({}));
    CHECK(schedule.load()->empty());
    CHECK(*store::change_count(*db, kScheduleTopic) == 2);
}

TEST_CASE("the debug window that is open, will be soon, or was until just now") {
    using namespace std::chrono_literals;
    const auto at = [](std::string_view text) { return *parse_iso8601(text); };
    const std::vector<Slot> schedule{{"l", SlotKind::lesson, "", at(k9), at(k11), {}},
                                     {"b", SlotKind::debug, "", at(k10), at(k11), {"510113-02"}},
                                     {"a", SlotKind::debug, "", at(k10) + 30min, at(k11) + 30min, {}}};
    const auto id = [&](WallTime now) -> std::string {
        const auto* window = debug_window_near(schedule, now, 1min, 2min);
        return window ? window->id : "";
    };
    CHECK(id(at(k9)).empty());
    CHECK(id(at(k10) - 61s).empty());
    CHECK(id(at(k10) - 60s) == "b");
    CHECK(id(at(k10) + 45min) == "b");
    CHECK(id(at(k11) + 119s) == "b");
    CHECK(id(at(k11) + 120s) == "a");
    CHECK(id(at(k11) + 32min).empty());
}
