#include "relay/api/stream_json.hpp"

#include <boost/json.hpp>

#include "common/time/format.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

json::value publisher_value(const std::optional<PublisherInfo>& publisher) {
    if (!publisher) return nullptr;
    return json::object{{"address", publisher->address},
                        {"client", publisher->client},
                        {"source", publisher->backup ? "backup" : "primary"},
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
        {"publisher", publisher_value(s.publisher)},
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

}  // namespace tongke::relay
