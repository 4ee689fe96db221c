#include "player/http/guard.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

const char* word(Action action) {
    switch (action) {
        case Action::read: return "room.read";
        case Action::start: return "playback.start";
        case Action::stop: return "playback.stop";
        case Action::lesson_media: return "lesson.watch";
        case Action::lesson_beacon: return "lesson.beacon";
        case Action::test_start: return "test.start";
        case Action::test_media: return "test.watch";
        case Action::test_beacon: return "test.beacon";
    }
    return "room.read";
}

}  // namespace

http::Response refusal(Site& site, const RightsQuery& query, const Ruling& ruling,
                       const http::Request& request) {
    const auto trespass = may_ask(query);
    // Reading without a log-in is what every page does before its log-in.
    const bool told = query.action == Action::read && !query.who;
    if (!trespass.allowed && trespass.status != 404 && !told) {
        const auto actor = query.who ? query.who->account : "anonymous " + request.peer;
        site.control.audit_refusal(
            {actor, word(query.action), std::string{query.room}.substr(0, 64), ruling.code, request.peer});
    }
    return to_response(ruling);
}

}  // namespace tongke::player
