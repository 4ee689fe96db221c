#include "common/rtmp/data_message.hpp"

#include "common/rtmp/amf0.hpp"
#include "common/rtmp/url.hpp"

namespace tongke::rtmp {
namespace {

using amf0::Value;

constexpr std::int64_t kLongestTargetDuration = 10;  // seconds, CONTRACT.md 5

std::optional<std::int64_t> integer(const Value* value) { return value ? value->integer() : std::nullopt; }

/// The object of a data message called `name`.
std::optional<Value> argument(ByteView payload, std::string_view name) {
    auto values = amf0::decode_all(payload);
    if (!values || values->size() < 2) return std::nullopt;
    const auto* text = values->front().text();
    if (!text || *text != name) return std::nullopt;
    return std::move((*values)[1]);
}

Value number(std::int64_t value) { return Value{static_cast<double>(value)}; }

}  // namespace

Bytes jump_payload(std::int64_t first_frame) {
    return amf0::encode_all(
        {std::string(kJumpName), amf0::Object{{{"firstFrame", number(first_frame)}}, {}}});
}

Bytes segment_payload(const SegmentMark& mark, std::int64_t timeline_ms) {
    amf0::Object object{{{"run", mark.run},
                         {"msn", number(mark.msn)},
                         {"pdt", number(mark.pdt_ms)},
                         {"discontinuity", mark.discontinuity},
                         {"targetDuration", number(mark.target_duration)},
                         {"timeline", number(timeline_ms)}},
                        {}};
    return amf0::encode_all({std::string(kSegmentName), std::move(object)});
}

std::optional<Jump> parse_jump(ByteView payload) {
    const auto object = argument(payload, kJumpName);
    const auto first = integer(object ? object->find("firstFrame") : nullptr);
    return first ? std::optional{Jump{*first}} : std::nullopt;
}

std::optional<SegmentOpening> parse_segment(ByteView payload) {
    const auto object = argument(payload, kSegmentName);
    if (!object) return std::nullopt;
    const auto* run = object->find("run");
    const auto msn = integer(object->find("msn"));
    const auto pdt = integer(object->find("pdt"));
    if (!run || !run->text() || !valid_stream_name(*run->text()) || !msn || !pdt) return std::nullopt;
    const auto* discontinuity = object->find("discontinuity");
    const auto seconds = integer(object->find("targetDuration")).value_or(0);
    const auto target_duration =
        seconds > 0 && seconds <= kLongestTargetDuration ? static_cast<int>(seconds) : 0;
    SegmentOpening opening;
    opening.mark = {*run->text(), *msn, *pdt, discontinuity && discontinuity->boolean().value_or(false),
                    target_duration};
    opening.timeline_ms = integer(object->find("timeline")).value_or(0);
    return opening;
}

Bytes metadata_payload(const TrackDescription* video, const TrackDescription* audio) {
    amf0::EcmaArray data;
    const auto add = [&](std::string name, Value value) {
        data.properties.push_back({std::move(name), std::move(value)});
    };
    add("server", "Tongke");
    if (video) {
        add("width", number(video->width));
        add("height", number(video->height));
        add("videocodecid", 7.0);
    }
    if (audio) {
        add("audiosamplerate", number(audio->sample_rate));
        add("audiochannels", number(audio->channels));
        add("stereo", audio->channels > 1);
        add("audiocodecid", 10.0);
    }
    return amf0::encode_all({"onMetaData", std::move(data)});
}

}  // namespace tongke::rtmp
