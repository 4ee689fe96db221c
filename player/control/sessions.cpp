#include "player/control/sessions.hpp"

#include <boost/json.hpp>

#include "common/auth/digest.hpp"
#include "common/auth/random.hpp"
#include "common/time/format.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;
constexpr std::size_t kLongestCookie = 128;

}  // namespace

std::string Sessions::open(const std::string& account, WallTime now,
                           const std::function<bool(const Session&)>& keeps) {
    std::size_t mine = 0;
    const Session* oldest = nullptr;
    for (const auto& [id, session] : sessions_) {
        if (session.account != account) continue;
        ++mine;
        if (!keeps(session) && (!oldest || session.created < oldest->created)) oldest = &session;
    }
    if (mine >= kPerAccount && oldest) sessions_.erase(std::string{oldest->id});
    auto cookie = auth::random_token();
    auto id = auth::sha256_hex(cookie);
    sessions_[id] = {id, account, now};
    return cookie;
}

const Session* Sessions::find(std::string_view cookie) const {
    if (cookie.empty() || cookie.size() > kLongestCookie) return nullptr;
    const auto found = sessions_.find(auth::sha256_hex(cookie));
    return found == sessions_.end() ? nullptr : &found->second;
}

bool Sessions::close(std::string_view cookie) {
    const auto* session = find(cookie);
    return session && sessions_.erase(std::string{session->id}) > 0;
}

bool Sessions::expire(WallTime now, const std::function<bool(const Session&)>& keeps) {
    return std::erase_if(sessions_, [&](const auto& entry) {
               return entry.second.created + kLife <= now && !keeps(entry.second);
           }) > 0;
}

std::string Sessions::to_json() const {
    json::array list;
    for (const auto& [id, session] : sessions_)
        list.push_back(
            json::object{{"id", id}, {"account", session.account}, {"created", to_iso8601(session.created)}});
    return json::serialize(json::object{{"sessions", list}});
}

Result<Sessions> Sessions::from_json(std::string_view source) {
    Error error;
    const auto value = json::parse(source, error);
    if (error) return error;
    const auto* list = value.is_object() ? value.get_object().if_contains("sessions") : nullptr;
    if (!list || !list->is_array()) return make_error_code(boost::system::errc::invalid_argument);
    const auto text = [](const json::object& object, const char* name) {
        const auto* member = object.if_contains(name);
        return member && member->is_string() ? std::string{member->get_string()} : std::string{};
    };
    Sessions out;
    for (const auto& entry : list->get_array()) {
        if (!entry.is_object()) continue;
        Session session{text(entry.get_object(), "id"), text(entry.get_object(), "account"), {}};
        session.created = parse_iso8601(text(entry.get_object(), "created")).value_or(WallTime{});
        if (!session.id.empty()) out.sessions_[session.id] = std::move(session);
    }
    return out;
}

}  // namespace tongke::player
