#include "relay/ingest/ingest.hpp"

#include <algorithm>

#include "common/base/byte_reader.hpp"
#include "common/base/error_category.hpp"
#include "common/media/flv.hpp"

namespace tongke::relay {
namespace {

const char* words(IngestErrc error) {
    switch (error) {
        case IngestErrc::no_sequence_header: return "a frame came before its track's sequence header";
        case IngestErrc::bad_nal_lengths: return "the lengths of the NAL units do not fit the frame";
    }
    return nullptr;
}

/// AVCC: each NAL unit behind its length (ISO/IEC 14496-15 4.3.3).
bool nal_lengths_fit(ByteView units, int length_size) {
    ByteReader reader(units);
    while (reader.ok() && reader.left() > 0) {
        std::size_t length = 0;
        for (int i = 0; i < length_size; ++i) length = length << 8 | reader.u8();
        reader.take(length);
    }
    return reader.ok();
}

IngestFrame make_frame(rtmp::MediaReceived media, SteadyTime arrival) {
    IngestFrame frame;
    frame.kind = media.kind;
    frame.timestamp = media.timestamp;
    frame.arrival = arrival;
    frame.payload = share(std::move(media.payload));
    return frame;
}

}  // namespace

Error make_error_code(IngestErrc code) {
    static const ErrorCategory<IngestErrc> category{"ingest", words};
    return {static_cast<int>(code), category};
}

Result<std::optional<IngestFrame>> Ingest::on_media(rtmp::MediaReceived media, SteadyTime arrival) {
    return media.kind == TrackKind::video ? on_video(std::move(media), arrival)
                                          : on_audio(std::move(media), arrival);
}

Result<std::optional<IngestFrame>> Ingest::on_video(rtmp::MediaReceived media, SteadyTime arrival) {
    const auto tag = flv::parse_video_tag(media.payload);
    if (!tag) return tag.error();
    const auto data = ByteView{media.payload}.subspan(tag->offset);
    if (tag->packet == flv::Packet::sequence_header) {
        if (auto adopted = adopt(TrackKind::video, data); !adopted) return adopted.error();
        return std::nullopt;
    }
    if (tag->packet != flv::Packet::coded || data.empty()) return std::nullopt;
    if (!track(TrackKind::video)) return IngestErrc::no_sequence_header;
    if (!nal_lengths_fit(data, nal_length_size_)) return IngestErrc::bad_nal_lengths;
    auto frame = make_frame(std::move(media), arrival);
    frame.keyframe = tag->keyframe;
    frame.cts_ms = tag->cts_ms;
    frame.payload_offset = tag->offset;
    frame.track = track(TrackKind::video);
    frame.other_track = track(TrackKind::audio);
    return frame;
}

Result<std::optional<IngestFrame>> Ingest::on_audio(rtmp::MediaReceived media, SteadyTime arrival) {
    const auto tag = flv::parse_audio_tag(media.payload);
    if (!tag) return tag.error();
    const auto data = ByteView{media.payload}.subspan(tag->offset);
    if (tag->packet == flv::Packet::sequence_header) {
        if (auto adopted = adopt(TrackKind::audio, data); !adopted) return adopted.error();
        return std::nullopt;
    }
    if (tag->packet != flv::Packet::coded || data.empty()) return std::nullopt;
    if (!track(TrackKind::audio)) return IngestErrc::no_sequence_header;
    auto frame = make_frame(std::move(media), arrival);
    frame.payload_offset = tag->offset;
    frame.track = track(TrackKind::audio);
    frame.other_track = track(TrackKind::video);
    return frame;
}

/// Encoders repeat the same header, some with every keyframe (TRAPS.md 1.1): the
/// description stays the same object until the bytes differ.
Result<void> Ingest::adopt(TrackKind kind, ByteView config) {
    auto& current = track(kind);
    if (current && std::equal(config.begin(), config.end(), current->decoder_config->begin(),
                              current->decoder_config->end()))
        return {};
    auto described = flv::describe(kind, config);
    if (!described) return described.error();
    if (kind == TrackKind::video) {
        const auto avc = flv::parse_avc_config(config);
        if (!avc) return avc.error();
        nal_length_size_ = avc->nal_length_size;
    }
    current = std::move(*described);
    return {};
}

}  // namespace tongke::relay
