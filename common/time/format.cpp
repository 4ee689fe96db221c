#include "common/time/format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tongke {
namespace {

using namespace std::chrono;

constexpr WallTime kFirst = sys_days{year{0} / January / 1};
constexpr WallTime kLast = sys_days{year{9999} / December / 31} + hours{24} - milliseconds{1};

// Takes exact characters and digit groups from the front of a text.
struct Cursor {
    std::string_view text;
    bool ok = true;

    int digits(std::size_t count) {
        int value = 0;
        if (text.size() < count) return ok = false, 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text[i] < '0' || text[i] > '9') return ok = false, 0;
            value = value * 10 + (text[i] - '0');
        }
        text.remove_prefix(count);
        return value;
    }
    bool skip(char c) {
        if (text.empty() || text.front() != c) return false;
        text.remove_prefix(1);
        return true;
    }
    void need(char c) { ok = skip(c) && ok; }
};

int fraction_ms(Cursor& in) {
    if (!in.skip('.')) return 0;
    int value = 0, count = 0;
    for (; !in.text.empty() && in.text.front() >= '0' && in.text.front() <= '9' && count < 18; ++count) {
        if (count < 3) value = value * 10 + (in.text.front() - '0');
        in.text.remove_prefix(1);
    }
    if (count == 0) in.ok = false;
    for (; count < 3; ++count) value *= 10;
    return value;
}

minutes offset(Cursor& in) {
    if (in.skip('Z')) return minutes{0};
    const bool east = in.skip('+');
    if (!east) in.need('-');
    const int h = in.digits(2);
    in.need(':');
    const int m = in.digits(2);
    if (h > 23 || m > 59) in.ok = false;
    const minutes total{h * 60 + m};
    return east ? total : -total;
}

}  // namespace

std::string to_iso8601(WallTime t) {
    t = std::clamp(t, kFirst, kLast);
    const auto day = floor<days>(t);
    const year_month_day date{day};
    const hh_mm_ss time{t - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

std::optional<WallTime> parse_iso8601(std::string_view text) {
    if (text.size() > 48) return std::nullopt;
    Cursor in{text};
    const int y = in.digits(4);
    in.need('-');
    const auto mo = static_cast<unsigned>(in.digits(2));
    in.need('-');
    const auto d = static_cast<unsigned>(in.digits(2));
    in.need('T');
    const int h = in.digits(2);
    in.need(':');
    const int mi = in.digits(2);
    in.need(':');
    const int s = in.digits(2);
    const int ms = fraction_ms(in);
    const minutes east = offset(in);
    const year_month_day date{year{y}, month{mo}, day{d}};
    if (!in.ok || !in.text.empty() || !date.ok() || h > 23 || mi > 59 || s > 59) return std::nullopt;
    return sys_days{date} + hours{h} + minutes{mi} + seconds{s} + milliseconds{ms} - east;
}

}  // namespace tongke
