// What a page sends (common/ui/api.ts BeaconBatch), read from untrusted bytes.
// A batch is accepted whole or refused with one reason: a page that sends a
// negative or huge number, or a clock that runs backwards, is not measured.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "player/qoe/types.hpp"

namespace tongke::qoe {

struct Sample {
    Micros at{};                       // the page's performance.now()
    std::optional<Micros> media_time;  // of the newest presented frame
    std::int64_t presented = 0;        // frames presented since the page's player was made
    double buffered_s = 0;             // contiguous media ahead of the playhead
    bool visible = true;
    bool paused = false;
    Micros current_time{};  // the playhead
    std::int64_t dropped = 0;
    std::optional<std::int64_t> media_pdt;  // unix ms of the frame at media_time
};

enum class MarkName { click, rights, playlist, first_byte, append, first_frame };
struct Mark {
    MarkName name{};
    Micros at{};
};
struct Fetch {
    std::int64_t msn = 0;
    std::int64_t bytes = 0;
    Micros begin{}, end{};
    bool stored = false;  // the segment was old when asked for: its speed is the path's, not the encoder's
};
enum class Purpose { lesson, test };

struct BeaconBatch {
    std::string page;  // random id of one page load
    Purpose purpose = Purpose::lesson;
    std::int64_t seq = 0;  // from 1; resent until acknowledged
    Micros sent{};         // performance.now() when it was sent
    std::vector<Sample> samples;
    std::vector<Mark> marks;
    std::vector<Fetch> fetches;
};

enum class BeaconError {
    too_large = 1,
    not_json,
    wrong_type,
    missing_member,
    bad_page_id,
    bad_sequence,
    bad_number,
    too_many,
    clock_went_back,
    clock_ahead_of_sending,
    clock_impossible,
    unknown_name,
};
const boost::system::error_category& beacon_category();
inline Error make_error_code(BeaconError e) { return {static_cast<int>(e), beacon_category()}; }
/// The stable word of a reason, for metrics labels and logs: "clock_went_back".
std::string_view reason_word(const Error& e);

inline constexpr std::size_t kMaxBeaconBytes = 256 * 1024;
inline constexpr std::size_t kMaxSamples = 600;  // two minutes at 5 Hz

/// Never throws, whatever the bytes.
Result<BeaconBatch> parse_beacon_batch(std::string_view json);
/// The same JSON shape again: for journals and recordings. parse(to_json(b)) equals b.
std::string to_json(const BeaconBatch& batch);

}  // namespace tongke::qoe

namespace boost::system {
template <>
struct is_error_code_enum<tongke::qoe::BeaconError> : std::true_type {};
}  // namespace boost::system
