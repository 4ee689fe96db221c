#include "player/control/event_log.hpp"

#include <boost/json.hpp>

#include "common/log/log.hpp"
#include "common/time/format.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

std::string to_json(const EventIn& e, const std::string& node, const std::string& boot, std::uint64_t seq) {
    const auto end = e.end ? std::optional{to_iso8601(*e.end)} : std::nullopt;
    const auto word =
        e.stall_class ? std::optional{std::string{qoe::to_string(*e.stall_class)}} : std::nullopt;
    return json::serialize(json::object{{"node", node},
                                        {"boot", boot},
                                        {"seq", seq},
                                        {"room", e.room},
                                        {"type", e.type},
                                        {"begin", to_iso8601(e.begin)},
                                        {"end", or_null(end)},
                                        {"seconds", or_null(e.seconds)},
                                        {"class", or_null(word)},
                                        {"hop", qoe::to_string(e.hop)},
                                        {"share", or_null(e.share)},
                                        {"qoe_version", qoe::kVersion}});
}

}  // namespace

bool EventLog::add(const EventIn& event) {
    if (!event.key.empty() && spool_.has_key(event.key)) return false;
    spool_.append(
        telemetry::RecordKind::event, event.room, event.key,
        [&](std::uint64_t seq) { return to_json(event, node_(), spool_.boot(), seq); },
        [news = news_](Result<std::uint64_t> seq) {
            if (seq)
                news();
            else
                log::error("telemetry", "an event could not be stored: {}", seq.error().message());
        });
    return true;
}

void EventLog::add_test(const std::string& room, const std::string& id, std::string test,
                        std::function<void()> stored) {
    const auto key = "test:" + id;
    if (spool_.has_key(key)) {
        if (stored) stored();
        return;
    }
    test.erase(test.begin());  // its brace; the record's own id goes in front
    spool_.append(
        telemetry::RecordKind::test, room, key,
        [&](std::uint64_t seq) {
            return "{\"boot\":\"" + spool_.boot() + "\",\"seq\":" + std::to_string(seq) + "," + test;
        },
        [news = news_, stored = std::move(stored)](Result<std::uint64_t> seq) {
            if (!seq)
                return log::error("telemetry", "a test record could not be stored: {}",
                                  seq.error().message());
            news();
            if (stored) stored();
        });
}

}  // namespace tongke::player
