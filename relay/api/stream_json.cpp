#include "relay/api/stream_json.hpp"

#include <boost/json.hpp>

#include "common/time/format.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

json::value publisher_value(const StreamInfo& s) {
    const auto& publisher = s.publisher;
    if (!publisher) return nullptr;
    return json::object{{"address", publisher->address},
                        {"client", publisher->client},
                        {"source", s.pulled            ? "upstream"
                                   : publisher->backup ? "backup"
                                                       : "primary"},
                        {"since", to_iso8601(publisher->since)}};
}

const char* level_word(AdvisoryLevel level) {
    switch (level) {
        case AdvisoryLevel::notice: return "notice";
        case AdvisoryLevel::warning: return "warning";
        case AdvisoryLevel::alarm: return "alarm";
    }
    return "warning";
}

json::array advisories(const std::vector<Advisory>& list) {
    json::array out;
    for (const auto& a : list)
        out.push_back(
            json::object{{"code", a.code},
                         {"text", a.text},
                         {"level", level_word(a.level)},
                         {"since", to_iso8601(a.since)},
                         {"until", a.until ? json::value(to_iso8601(*a.until)) : json::value(nullptr)}});
    return out;
}

const char* slate_word(SlateState slate) {
    switch (slate) {
        case SlateState::none: return "none";
        case SlateState::ready: return "ready";
        case SlateState::on: return "on";
    }
    return "none";
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(json::string(text));
}

}  // namespace

std::string stream_json(const StreamInfo& s) {
    return json::serialize(json::object{
        {"name", s.name},
        {"live", s.live},
        {"slate", slate_word(s.slate)},
        {"publisher", publisher_value(s)},
        {"codecs",
         json::object{{"video", text_or_null(s.video_codec)}, {"audio", text_or_null(s.audio_codec)}}},
        {"width", s.width},
        {"height", s.height},
        {"bitrate_bps", s.bitrate_bps},
        {"fps", s.fps},
        {"keyframe_interval_s", s.keyframe_interval_s},
        {"b_frames", s.b_frames},
        {"av_skew_s", s.av_skew_s ? json::value(*s.av_skew_s) : json::value(nullptr)},
        {"frame_gaps", json::object{{"over_100_ms", s.gaps.over_100_ms},
                                    {"over_500_ms", s.gaps.over_500_ms},
                                    {"over_2_s", s.gaps.over_2_s},
                                    {"worst_s", s.gaps.worst_s}}},
        {"timestamp_repairs", s.timestamp_repairs},
        {"subscribers", json::object{{"rtmp", s.subscribers[static_cast<std::size_t>(Transport::rtmp)]},
                                     {"hls", s.subscribers[static_cast<std::size_t>(Transport::hls)]}}},
        {"log", json::object{{"span_s", s.log_span_s},
                             {"bytes", s.log_bytes},
                             {"first_frame", s.first_frame},
                             {"last_frame", s.last_frame}}},
        {"run", s.run},
        {"target_duration_s", s.target_duration_s},
        {"advisories", advisories(s.advisories)},
        {"past_advisories", advisories(s.past_advisories)}});
}

std::string subscribers_json(const std::vector<SubscriberInfo>& list) {
    json::array out;
    for (const auto& s : list) {
        json::value tcp = nullptr;
        if (s.tcp)
            tcp = json::object{{"rtt_s", s.tcp->rtt_us / 1e6},
                               {"retransmits", s.tcp->retransmits},
                               {"delivery_rate_bps", s.tcp->delivery_rate_bps}};
        out.push_back(json::object{{"node", text_or_null(s.node)},
                                   {"address", s.address},
                                   {"client", s.client},
                                   {"transport", s.tls ? "rtmps" : "rtmp"},
                                   {"since", to_iso8601(s.since)},
                                   {"sent_bytes", s.sent_bytes},
                                   {"frames", s.frames},
                                   {"skipped_frames", s.skipped_frames},
                                   {"unsent_bytes", s.unsent_bytes},
                                   {"tcp", std::move(tcp)}});
    }
    return json::serialize(json::object{{"subscribers", std::move(out)}});
}

}  // namespace tongke::relay
