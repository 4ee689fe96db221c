// What a node sends every few seconds (POST /api/v1/node/telemetry), checked
// and typed. Pure. A wrong envelope is refused as a whole; a wrong record inside
// it is left out and counted, because refusing it would hold up all that follow.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/room_state.hpp"
#include "common/time/clock.hpp"

namespace tongke::relay {

/// A stall as the node sees it; `hop` and `cls` are the words of api.ts.
struct StallReport {
    WallTime begin{};
    std::optional<WallTime> end;
    double seconds = 0;
    std::string cls, hop;
    std::optional<double> share;
};

struct RoomReport {
    std::string id;
    RoomState state = RoomState::not_due;
    std::optional<WallTime> since, started_at;
    std::optional<double> buffer_s, latency_s;
    double target_s = 0;
    std::int64_t stalls = 0;  // cumulative in this boot, as are the next two
    double stalled_s = 0, play_s = 0;
    std::optional<StallReport> open_stall;
};

struct EventRecord {
    std::string boot;
    std::int64_t seq = 0;
    std::string room, type;
    WallTime begin{};
    std::optional<WallTime> end;
    std::optional<double> seconds;
    std::string cls, hop;  // cls may be ""
    std::optional<double> share;
    std::string qoe_version;
};

struct TestRecord {
    std::string boot;
    std::int64_t seq = 0;           // 0: not counted by the spool
    std::string id, room, verdict;  // verdict "" while none
    WallTime begin{};
    std::optional<WallTime> end;
    std::string json;  // LiveTest of api.ts, as sent
};

struct Telemetry {
    std::string node, boot;
    std::int64_t seq_from = 0;
    std::vector<RoomReport> rooms;
    std::vector<EventRecord> events;
    std::vector<TestRecord> tests;
    bool upstream_connected = false;
    int left_out = 0;           // records that were wrong
    std::int64_t last_seq = 0;  // highest of events and tests of `boot`, wrong ones included
};

enum class TelemetryError { not_json = 1, bad_envelope, too_many };
const boost::system::error_category& telemetry_category();
inline Error make_error_code(TelemetryError e) { return {static_cast<int>(e), telemetry_category()}; }

Result<Telemetry> parse_telemetry(std::string_view json);

bool is_hop(std::string_view word);
bool is_stall_class(std::string_view word);

}  // namespace tongke::relay

template <>
struct boost::system::is_error_code_enum<tongke::relay::TelemetryError> : std::true_type {};
