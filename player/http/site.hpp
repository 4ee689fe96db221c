// The node's HTTP site (CONTRACT.md §6): every route of pages, control, media,
// tests and measurements, over the parts that own the state. Handlers run on the
// node's one I/O thread, which is also the connections' own.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/http/router.hpp"
#include "player/control/classroom.hpp"
#include "player/control/control.hpp"
#include "player/control/live_tests.hpp"
#include "player/telemetry/journal.hpp"

namespace tongke::player {

using Classrooms = std::map<std::string, std::unique_ptr<Classroom>, std::less<>>;

struct Site {
    Control& control;
    Classrooms& classrooms;
    LiveTests& tests;
    MediaChannel& lesson;
    MediaChannel& test_channel;
    telemetry::Spool& spool;
    telemetry::Journal& journal;
    NodeMetrics& metrics;
    const Clock& clock;
    std::function<std::string()> node_id;
    std::function<void()> test_media_asked;  // keeps the test channel pulled for a while
};

/// The answer to what may() refused. Whom the room is not for at all, or not on this PC, is audited
/// (thinned out by Control); the server counts it.
http::Response refusal(Site& site, const RightsQuery& query, const Ruling& ruling,
                       const http::Request& request);

void add_session_routes(http::Router& router, Site& site);
void add_room_routes(http::Router& router, Site& site);
void add_playback_routes(http::Router& router, Site& site);
void add_media_routes(http::Router& router, Site& site);
void add_test_routes(http::Router& router, Site& site);
void add_beacon_routes(http::Router& router, Site& site);
void add_service_routes(http::Router& router, Site& site);
void add_page_routes(http::Router& router);
/// All of them; `site` outlives the router.
void add_routes(http::Router& router, Site& site);

}  // namespace tongke::player
