#include "relay/test_channel/pace.hpp"

namespace tongke::relay {
namespace {

constexpr std::int64_t kLateMs = 1000;

}  // namespace

Pace::Pace(SteadyTime now, WallTime wall, int fps)
    : picture_ms_(1000 / fps),
      utc_begin_ms_((unix_ms(wall) + picture_ms_ - 1) / picture_ms_ * picture_ms_),
      first_number_(static_cast<std::uint32_t>(utc_begin_ms_ / picture_ms_)) {
    begin_ = now + Milliseconds(utc_begin_ms_ - unix_ms(wall));
}

Pace::Due Pace::next(SteadyTime now, WallTime wall) {
    const auto running = whole_ms(now - begin_);
    if (const auto late = running - next_ * picture_ms_; late > kLateMs) {
        left_out_ += static_cast<std::uint64_t>(late / picture_ms_);
        next_ += late / picture_ms_;
    }
    const auto off = unix_ms(wall) - (utc_begin_ms_ + running);
    utc_begin_ms_ += off / picture_ms_ * picture_ms_;
    const auto index = next_++;
    const auto since = index * picture_ms_;
    return {begin_ + Milliseconds(since),
            index,
            {first_number_ + static_cast<std::uint32_t>(index), utc_begin_ms_ + since}};
}

std::int64_t Pace::utc_us(std::int64_t media_us) const { return utc_begin_ms_ * 1000 + media_us; }

}  // namespace tongke::relay
