// GET /api/v1/rooms and below, and the event stream of the consoles.
#include <algorithm>
#include <utility>

#include "relay/api/access.hpp"
#include "relay/api/control_state.hpp"
#include "relay/fleet/room_json.hpp"
#include "relay/fleet/room_words.hpp"

namespace tongke::relay {
namespace {

constexpr int kEventsAPage = 500, kTestsAPage = 100;
constexpr std::size_t kMaxWatchers = 2000;
constexpr auto kGreeting = std::chrono::seconds{15};

std::vector<RoomSummary> rooms_of(const ControlState& state, const Account& account) {
    std::vector<RoomSummary> rooms;
    for (const auto& [id, room] : state.fleet.roster().rooms)
        if (room.active && in_scope(account, room.county)) rooms.push_back(state.fleet.summary(room));
    sort_by_urgency(rooms);
    return rooms;
}

std::string sentence_of(const ControlState& state, const std::vector<RoomSummary>& rooms) {
    return (state.slate_since ? slate_words(*state.slate_since) : "") + headline(rooms);
}

void list_rooms(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr || !state.allow(may_see_rooms(account->role), *account, request, reply)) return;
    const auto rooms = rooms_of(state, *account);
    reply(http::json_response(room_list_json(state.clock.wall(), sentence_of(state, rooms), rooms)));
}

/// The room of the path if the caller may see it; null after having answered.
const Room* room_for(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state.signed_in(request, reply);
    if (account == nullptr) return nullptr;
    const auto id = request.capture("room");
    const bool permitted = may_see_rooms(account->role) && in_scope(*account, id.substr(0, 6));
    if (!state.allow(permitted, *account, request, reply)) return nullptr;
    const auto* room = state.fleet.roster().room(id);
    if (room == nullptr) reply(http::problem(404, "no_such_room", "没有这个分课堂，请核对编号"));
    return room;
}

void list_events(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* room = room_for(state, request, reply);
    if (room == nullptr) return;
    const auto after = request.query_value("after").value_or("");
    const auto page = state.fleet.records().events_after(room->id, after.substr(0, 128), kEventsAPage);
    if (!page) return reply(store_problem(page.error()));
    if (!*page)
        return reply(http::problem(400, "bad_cursor", "after 参数不是本分课堂的事件位置，请从头读取"));
    reply(http::json_response(events_json(**page)));
}

void list_tests(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* room = room_for(state, request, reply);
    if (room == nullptr) return;
    const auto tests = state.fleet.records().tests_of(room->id, kTestsAPage);
    if (!tests) return reply(store_problem(tests.error()));
    reply(http::json_response(tests_json(*tests)));
}

void show_test(ControlState& state, const http::Request& request, const http::Reply& reply) {
    const auto* room = room_for(state, request, reply);
    if (room == nullptr) return;
    const auto test = state.fleet.records().test(room->id, std::string{request.capture("id").substr(0, 64)});
    if (!test) return reply(store_problem(test.error()));
    if (!*test) return reply(http::problem(404, "no_such_test", "没有这条测试记录"));
    reply(http::json_response((*test)->test.json));
}

void watch(const SharedState& state, const http::Request& request, const http::Reply& reply) {
    const auto* account = state->signed_in(request, reply);
    if (account == nullptr || !state->allow(may_see_rooms(account->role), *account, request, reply)) return;
    if (state->watchers.size() >= kMaxWatchers || state->stopping)
        return reply(http::problem(503, "busy", "当前查看的人过多，请稍后刷新").with("Retry-After", "10"));
    auto stream = http::make_event_stream();
    const auto rooms = rooms_of(*state, *account);
    stream->event("rooms", room_list_json(state->clock.wall(), sentence_of(*state, rooms), rooms));
    state->watchers.push_back({account->account, std::string{request.cookie("tongke_relay")}, stream});
    http::Response response;
    response.stream = std::move(stream);
    reply(std::move(response));
}

/// `always`: the sentence is another, whatever the rooms are.
void tell(ControlState& state, Watcher& watcher, const std::set<std::string>& changed, bool always,
          bool greet) {
    const auto* account =
        state.sessions.account_of(watcher.session_token, state.fleet.roster(), state.clock.wall());
    if (account == nullptr || !may_see_rooms(account->role)) return watcher.stream->close();
    auto rooms = rooms_of(state, *account);
    const auto sentence = sentence_of(state, rooms);
    std::erase_if(rooms, [&](const auto& room) { return changed.count(room.id) == 0; });
    if (!rooms.empty() || always)
        watcher.stream->event("rooms", room_list_json(state.clock.wall(), sentence, rooms));
    else if (greet)
        watcher.stream->event("alive", "{}");  // so that both ends notice a dead connection
}

}  // namespace

void tell_watchers(ControlState& state) {
    const auto now = state.clock.now();
    if (!state.watchers_told.due(now)) return;
    const auto changed = state.fleet.take_changed();
    state.watchers.remove_if([](const Watcher& watcher) { return !watcher.stream->open(); });
    const bool greet = now - state.watchers_greeted >= kGreeting;
    if (greet) state.watchers_greeted = now;
    const bool always = std::exchange(state.slate_changed, false);
    if (changed.empty() && !always && !greet) return;
    for (auto& watcher : state.watchers) tell(state, watcher, changed, always, greet);
}

void add_room_routes(http::Router& router, const SharedState& state) {
    add_route(router, state, "GET", "/api/v1/rooms", list_rooms);
    add_route(router, state, "GET", "/api/v1/rooms/{room}",
              [](ControlState& s, const http::Request& request, const http::Reply& reply) {
                  if (const auto* room = room_for(s, request, reply))
                      reply(http::json_response(room_json(s.fleet.summary(*room))));
              });
    add_route(router, state, "GET", "/api/v1/rooms/{room}/events", list_events);
    add_route(router, state, "GET", "/api/v1/rooms/{room}/tests", list_tests);
    add_route(router, state, "GET", "/api/v1/rooms/{room}/tests/{id}", show_test);
    router.add(
        "GET", "/api/v1/events",
        [state](const http::Request& request, http::Reply reply) { watch(state, request, reply); },
        state->hooks.post);
}

}  // namespace tongke::relay
