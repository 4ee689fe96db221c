#include "common/time/zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

namespace tongke {
namespace {

using std::chrono::milliseconds;

date::local_time<milliseconds> local_instant(WallTime t, std::string_view zone) {
    return date::locate_zone(zone)->to_local(date::sys_time<milliseconds>{t.time_since_epoch()});
}

}  // namespace

LocalTime to_local(WallTime t, std::string_view zone) {
    const auto local = local_instant(t, zone);
    const auto day = date::floor<date::days>(local);
    const date::year_month_day date{day};
    const auto time = date::make_time(local - day);
    LocalTime out;
    out.year = static_cast<int>(date.year());
    out.month = static_cast<unsigned>(date.month());
    out.day = static_cast<unsigned>(date.day());
    out.hour = static_cast<int>(time.hours().count());
    out.minute = static_cast<int>(time.minutes().count());
    out.second = static_cast<int>(time.seconds().count());
    out.millisecond = static_cast<int>(time.subseconds().count());
    out.weekday = date::weekday{day}.c_encoding();
    return out;
}

WallTime from_local(const LocalTime& local, std::string_view zone) {
    const auto first = date::local_days{date::year{local.year} / static_cast<int>(local.month) / 1};
    const auto instant = first + date::days{static_cast<int>(local.day) - 1} +
                         std::chrono::hours{local.hour} + std::chrono::minutes{local.minute} +
                         std::chrono::seconds{local.second} + milliseconds{local.millisecond};
    const auto sys = date::locate_zone(zone)->to_sys(instant, date::choose::earliest);
    return WallTime{date::floor<milliseconds>(sys).time_since_epoch()};
}

std::string local_date(WallTime t, std::string_view zone) {
    const auto l = to_local(t, zone);
    return fmt::format("{:04}-{:02}-{:02}", l.year, l.month, l.day);
}

std::string local_minute(WallTime t, std::string_view zone) {
    const auto l = to_local(t, zone);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", l.year, l.month, l.day, l.hour, l.minute);
}

std::string half_day(WallTime t, Milliseconds noon, std::string_view zone) {
    const auto local = local_instant(t, zone);
    const auto into_day = local - date::floor<date::days>(local);
    return local_date(t, zone) + (into_day < noon ? " am" : " pm");
}

}  // namespace tongke
