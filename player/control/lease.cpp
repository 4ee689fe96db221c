#include "player/control/lease.hpp"

#include <boost/json.hpp>

#include "common/time/format.hpp"
#include "player/rooms/schedule.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

json::value optional_time(const std::optional<WallTime>& t) {
    return t ? json::value(to_iso8601(*t)) : json::value(nullptr);
}

std::string text(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::int64_t integer(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

Lease read_lease(const json::object& object) {
    Lease lease;
    lease.room = text(object, "room");
    lease.account = text(object, "account");
    lease.name = text(object, "name");
    lease.session = text(object, "session");
    lease.take_over = text(object, "take_over");
    lease.fencing = integer(object, "fencing");
    lease.started = parse_iso8601(text(object, "started")).value_or(WallTime{});
    lease.slot_end = parse_iso8601(text(object, "slot_end"));
    lease.reason = text(object, "reason");
    return lease;
}

}  // namespace

WallTime Lease::ends() const { return slot_end ? *slot_end + kOverrun : started + kOutOfSlotLimit; }

const Lease* LeaseBook::active(std::string_view room) const {
    const auto found = active_.find(room);
    return found == active_.end() ? nullptr : &found->second;
}

const Ended* LeaseBook::last_end(std::string_view room) const {
    const auto found = ended_.find(room);
    return found == ended_.end() ? nullptr : &found->second;
}

const Lease& LeaseBook::take(Lease lease) {
    lease.fencing = next_fencing_++;
    ended_.erase(lease.room);
    auto room = lease.room;
    return active_[std::move(room)] = std::move(lease);
}

std::optional<Lease> LeaseBook::stop(std::string_view room, WallTime now, std::string why) {
    const auto found = active_.find(room);
    if (found == active_.end()) return std::nullopt;
    auto lease = std::move(found->second);
    active_.erase(found);
    ended_[lease.room] = {now, std::move(why)};
    return lease;
}

void LeaseBook::undo(const std::string& room, const LeaseBook& before, bool playing) {
    active_.erase(room);
    ended_.erase(room);
    if (const auto* lease = before.active(room); lease && playing) active_[room] = *lease;
    if (const auto* end = before.last_end(room)) ended_[room] = *end;
}

bool LeaseBook::follow_slot(std::string_view room, WallTime slot_end) {
    const auto found = active_.find(room);
    if (found == active_.end() || found->second.slot_end == slot_end) return false;
    found->second.slot_end = slot_end;
    return true;
}

std::vector<std::string> LeaseBook::due(WallTime now) const {
    std::vector<std::string> rooms;
    for (const auto& [room, lease] : active_)
        if (lease.ends() <= now) rooms.push_back(room);
    return rooms;
}

std::string LeaseBook::to_json() const {
    json::array active, ended;
    for (const auto& [room, l] : active_)
        active.push_back(json::object{{"room", room},
                                      {"account", l.account},
                                      {"name", l.name},
                                      {"session", l.session},
                                      {"take_over", l.take_over},
                                      {"fencing", l.fencing},
                                      {"started", to_iso8601(l.started)},
                                      {"slot_end", optional_time(l.slot_end)},
                                      {"reason", l.reason}});
    for (const auto& [room, e] : ended_)
        ended.push_back(json::object{{"room", room}, {"at", to_iso8601(e.at)}, {"why", e.why}});
    return json::serialize(
        json::object{{"next_fencing", next_fencing_}, {"active", active}, {"ended", ended}});
}

Result<LeaseBook> LeaseBook::from_json(std::string_view source) {
    Error error;
    const auto value = json::parse(source, error);
    if (error) return error;
    if (!value.is_object()) return make_error_code(boost::system::errc::invalid_argument);
    const auto& object = value.get_object();
    LeaseBook book;
    book.next_fencing_ = std::max<std::int64_t>(1, integer(object, "next_fencing"));
    const auto each = [&](const char* name, auto body) {
        const auto* list = object.if_contains(name);
        if (!list || !list->is_array()) return;
        for (const auto& entry : list->get_array())
            if (entry.is_object()) body(entry.get_object());
    };
    each("active", [&](const json::object& entry) {
        auto lease = read_lease(entry);
        book.next_fencing_ = std::max(book.next_fencing_, lease.fencing + 1);
        if (!lease.room.empty()) book.active_[lease.room] = std::move(lease);
    });
    each("ended", [&](const json::object& entry) {
        book.ended_[text(entry, "room")] = {parse_iso8601(text(entry, "at")).value_or(WallTime{}),
                                            text(entry, "why")};
    });
    return book;
}

}  // namespace tongke::player
