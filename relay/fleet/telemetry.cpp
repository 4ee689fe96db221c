#include "relay/fleet/telemetry.hpp"

#include <algorithm>
#include <array>

#include "common/base/error_category.hpp"
#include "relay/fleet/json_fields.hpp"
#include "relay/roster/roster.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxRooms = 500, kMaxEvents = 2000, kMaxTests = 200, kMaxTestBytes = 64 * 1024;

const char* words(TelemetryError error) {
    switch (error) {
        case TelemetryError::not_json: return "telemetry is not JSON";
        case TelemetryError::bad_envelope: return "telemetry lacks node or boot";
        case TelemetryError::too_many: return "telemetry has too many records: send smaller batches";
    }
    return nullptr;
}

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 8> kTypes{"stall_begin",    "stall_end",     "freeze",
                                                 "playback_start", "playback_stop", "test_result",
                                                 "upstream_lost",  "upstream_back"};
constexpr std::array<std::string_view, 4> kVerdicts{"passed", "conditional", "failed", "incomplete"};

bool is_boot(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

std::optional<double> in_range(std::optional<double> n, double low, double high) {
    return n && *n >= low && *n <= high ? n : std::nullopt;
}

std::optional<StallReport> stall_of(const json::object& room) {
    const auto* value = fields::find(room, "open_stall");
    if (value == nullptr || !value->is_object()) return std::nullopt;
    const auto& o = value->get_object();
    const auto begin = fields::time(o, "begin");
    if (!begin) return std::nullopt;
    StallReport stall{*begin,
                      fields::time(o, "end"),
                      0,
                      fields::text(o, "class"),
                      fields::text(o, "hop"),
                      in_range(fields::number(o, "share"), 0, 1)};
    stall.seconds = in_range(fields::number(o, "seconds"), 0, 1e6).value_or(0);
    if (!is_stall_class(stall.cls)) stall.cls = "short";
    if (!is_hop(stall.hop)) stall.hop = "unknown";
    return stall;
}

std::optional<RoomReport> room_of(const json::value& value) {
    if (!value.is_object()) return std::nullopt;
    const auto& o = value.get_object();
    RoomReport room;
    room.id = fields::text(o, "id", 16);
    const auto state = state_from(fields::text(o, "state"));
    if (!is_room_id(room.id) || !state) return std::nullopt;
    room.state = *state;
    room.since = fields::time(o, "since");
    room.started_at = fields::time(o, "started_at");
    room.buffer_s = in_range(fields::number(o, "buffer_s"), 0, 1e5);
    room.latency_s = in_range(fields::number(o, "latency_s"), -1e5, 1e6);
    room.target_s = in_range(fields::number(o, "target_s"), 0, 1e4).value_or(0);
    room.stalls = std::max<std::int64_t>(0, fields::count(o, "stalls"));
    room.stalled_s = in_range(fields::number(o, "stalled_s"), 0, 1e9).value_or(0);
    room.play_s = in_range(fields::number(o, "play_s"), 0, 1e9).value_or(0);
    room.open_stall = stall_of(o);
    return room;
}

std::optional<EventRecord> event_of(const json::object& o, const std::string& boot) {
    EventRecord event;
    event.boot = fields::text(o, "boot");
    if (event.boot.empty()) event.boot = boot;
    event.seq = fields::count(o, "seq");
    event.room = fields::text(o, "room", 16);
    event.type = fields::text(o, "type");
    const auto begin = fields::time(o, "begin");
    if (!is_boot(event.boot) || event.seq < 1 || !one_of(kTypes, event.type) || !begin) return std::nullopt;
    if (!event.room.empty() && !is_room_id(event.room)) return std::nullopt;
    event.begin = *begin;
    event.end = fields::time(o, "end");
    event.seconds = in_range(fields::number(o, "seconds"), 0, 1e9);
    event.cls = fields::text(o, "class");
    event.hop = fields::text(o, "hop");
    event.share = in_range(fields::number(o, "share"), 0, 1);
    event.qoe_version = fields::text(o, "qoe_version", 16);
    if (!event.cls.empty() && !is_stall_class(event.cls)) return std::nullopt;
    if (!is_hop(event.hop)) event.hop = "unknown";
    if (event.type == "stall_end" && (!event.seconds || event.cls.empty() || !event.end)) return std::nullopt;
    return event;
}

std::optional<TestRecord> test_of(const json::object& o, const std::string& boot) {
    TestRecord test;
    test.boot = fields::text(o, "boot");
    if (test.boot.empty()) test.boot = boot;
    test.seq = std::max<std::int64_t>(0, fields::count(o, "seq"));
    test.id = fields::text(o, "id", 64);
    test.room = fields::text(o, "room", 16);
    test.verdict = fields::text(o, "verdict");
    const auto begin = fields::time(o, "begin");
    if (test.id.empty() || !begin) return std::nullopt;
    if (!test.room.empty() && !is_room_id(test.room)) return std::nullopt;
    if (!test.verdict.empty() && !one_of(kVerdicts, test.verdict)) return std::nullopt;
    test.begin = *begin;
    test.end = fields::time(o, "end");
    test.json = json::serialize(o);
    if (test.json.size() > kMaxTestBytes) return std::nullopt;
    return test;
}

/// Also a record that is left out counts as received: the node must not send it for ever.
void note_seq(Telemetry& t, const json::object& o) {
    const auto boot = fields::text(o, "boot");
    if (boot.empty() || boot == t.boot) t.last_seq = std::max(t.last_seq, fields::count(o, "seq"));
}

template <class Record, class Parse>
void take_all(Telemetry& t, const json::array& list, std::vector<Record>& out, Parse parse) {
    for (const auto& value : list) {
        std::optional<Record> record;
        if (const auto* o = value.if_object()) {
            note_seq(t, *o);
            record = parse(*o, t.boot);
        }
        if (record)
            out.push_back(std::move(*record));
        else
            ++t.left_out;
    }
}

}  // namespace

const boost::system::error_category& telemetry_category() {
    static const ErrorCategory<TelemetryError> instance{"tongke.telemetry", words};
    return instance;
}

bool is_hop(std::string_view word) {
    constexpr std::array<std::string_view, 6> kHops{"encoder", "relay_node", "node",
                                                    "node_pc", "pc",         "unknown"};
    return one_of(kHops, word);
}

bool is_stall_class(std::string_view word) {
    constexpr std::array<std::string_view, 3> kClasses{"short", "long", "outage"};
    return one_of(kClasses, word);
}

Result<Telemetry> parse_telemetry(std::string_view text) {
    boost::system::error_code error;
    const auto root = json::parse({text.data(), text.size()}, error);
    if (error) return TelemetryError::not_json;
    if (!root.is_object()) return TelemetryError::bad_envelope;
    const auto& o = root.get_object();
    Telemetry t;
    t.node = fields::text(o, "node", 64);
    t.boot = fields::text(o, "boot", 64);
    if (t.node.empty() || !is_boot(t.boot)) return TelemetryError::bad_envelope;
    t.seq_from = std::max<std::int64_t>(0, fields::count(o, "seq_from"));
    const auto& rooms = fields::list(o, "rooms");
    const auto& events = fields::list(o, "events");
    const auto& tests = fields::list(o, "tests");
    if (rooms.size() > kMaxRooms || events.size() > kMaxEvents || tests.size() > kMaxTests)
        return TelemetryError::too_many;
    for (const auto& value : rooms) {
        if (auto room = room_of(value))
            t.rooms.push_back(std::move(*room));
        else
            ++t.left_out;
    }
    take_all(t, events, t.events, event_of);
    take_all(t, tests, t.tests, test_of);
    if (const auto* upstream = fields::find(o, "upstream"); upstream != nullptr && upstream->is_object()) {
        const auto* connected = fields::find(upstream->get_object(), "connected");
        t.upstream_connected = connected != nullptr && connected->is_bool() && connected->get_bool();
    }
    return t;
}

}  // namespace tongke::relay
