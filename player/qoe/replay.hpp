// A recorded incident, run again: JSON lines in, the event list out (JSON
// lines), always the same for the same file. docs/qoe-replay.md has the format.
// `tongke-player qoe-replay FILE` reads such files; only tests write them yet. Pure.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "player/qoe/beacon.hpp"
#include "player/qoe/ledger.hpp"

namespace tongke::qoe {

enum class ReplayError {
    not_json = 1,
    no_header,
    wrong_version,
    unknown_record,
    bad_record,
    line_too_long,
};
const boost::system::error_category& replay_category();
inline Error make_error_code(ReplayError e) { return {static_cast<int>(e), replay_category()}; }

struct ReplayFailure {
    Error error;
    std::size_t line = 0;  // counted from 1

    std::string message() const { return "line " + std::to_string(line) + ": " + error.message(); }
};

/// The event list of a whole recording, one JSON object a line. A bad line stops it and is named.
boost::system::result<std::string, ReplayFailure> replay(std::string_view recording);

/// One line each of a recording, newline included; what replay() reads.
std::string record_header(WallTime at_zero);
std::string record_room(Micros at, std::string_view room, double target_s);
std::string record_batch(Micros at, std::string_view room, const BeaconBatch& batch);
std::string record_segment(Micros at, const Piece& piece, Micros asked);
std::string record_answer(Micros at, std::int64_t end_ms);
std::string record_upstream(Micros at, bool lost);
std::string record_finish(Micros at, std::string_view room);

}  // namespace tongke::qoe

namespace boost::system {
template <>
struct is_error_code_enum<tongke::qoe::ReplayError> : std::true_type {};
}  // namespace boost::system
