#include "player/control/media_channel.hpp"

#include "common/hls/playlist.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/player/control/node_parts.hpp"

using namespace tongke;
using namespace tongke::player;

namespace {

/// Hands the channel what its pull would.
void pulled(NodeParts& node, std::int64_t from, std::int64_t to) {
    auto init = std::make_shared<hls::InitSection>();
    init->name = "1a/init-0.mp4";
    init->data = share_blob(Bytes(8));
    pull::UpstreamSink& sink = *node.channel;
    for (auto msn = from; msn <= to; ++msn) {
        auto segment = std::make_shared<hls::Segment>();
        segment->run = "1a";
        segment->msn = msn;
        segment->name = "1a/" + std::to_string(msn) + ".m4s";
        segment->duration_us = 2'000'000;
        segment->target_duration = 2;
        segment->discontinuity = msn % 10 == 0;
        segment->init = init;
        segment->data = share_blob(Bytes(8));
        sink.on_segment(std::move(segment), {});
        sink.on_progress({"1a", msn, 0});
    }
    node.run();
}

hls::MediaPlaylist live(NodeParts& node) {
    hls::MediaPlaylist playlist;
    const auto read = [&](const http::Response& response) {
        const auto text = response.shared ? as_text(*response.shared) : std::string_view{response.text};
        playlist = std::get<hls::MediaPlaylist>(hls::parse_playlist(text).value());
    };
    node.channel->answer({}, "live.m3u8", http::Reply{read});
    return playlist;
}

}  // namespace

TEST_CASE("the discontinuity sequence of a node's playlist never falls over a restart") {
    NodeParts node;
    pulled(node, 101, 185);
    const auto before = live(node);
    REQUIRE(before.discontinuity_sequence == 5);
    node.restart();
    CHECK(node.channel->presentation().empty());
    pulled(node, 178, 190);  // the pull begins a little behind live
    const auto after = live(node);
    CHECK(after.discontinuity_sequence == 7);
    CHECK(after.entries.back().discontinuity_sequence == 9);
    node.restart();
    pulled(node, 250, 251);
    CHECK(live(node).discontinuity_sequence == 9);
}
