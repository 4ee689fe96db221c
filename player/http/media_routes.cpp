#include "player/http/guard.hpp"
#include "player/http/site.hpp"

namespace tongke::player {
namespace {

/// C10: asked anew for every playlist, init section and segment.
void serve(Site& site, MediaChannel& channel, Action action, const http::Request& request,
           http::Reply reply) {
    const auto query = site.control.query(request, request.capture("room"), action);
    const auto ruling = may(query);
    if (!ruling.allowed) {
        return reply(refusal(site, query, ruling, request));
    }
    if (action == Action::test_media) site.test_media_asked();
    channel.answer(request, request.capture("path"), std::move(reply));
}

}  // namespace

void add_media_routes(http::Router& router, Site& site) {
    router.add("GET", "/rooms/{room}/hls/{path...}",
               [&site](const http::Request& request, http::Reply reply) {
                   serve(site, site.lesson, Action::lesson_media, request, std::move(reply));
               });
    router.add("GET", "/rooms/{room}/test/hls/{path...}",
               [&site](const http::Request& request, http::Reply reply) {
                   serve(site, site.test_channel, Action::test_media, request, std::move(reply));
               });
}

}  // namespace tongke::player
