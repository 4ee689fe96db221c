// What the packager makes, decoded by libavcodec as any player would.
#include <algorithm>
#include <cstring>
#include <map>

#include "common/hls/packager.hpp"
#include "common/hls/segmenter.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lesson.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

using namespace tongke;

namespace {

struct Input {
    Bytes bytes;
    std::size_t at = 0;
    static int read(void* self, std::uint8_t* out, int size) {
        auto& in = *static_cast<Input*>(self);
        const auto n = std::min<std::size_t>(static_cast<std::size_t>(size), in.bytes.size() - in.at);
        if (n == 0) return AVERROR_EOF;
        std::memcpy(out, in.bytes.data() + in.at, n);
        in.at += n;
        return static_cast<int>(n);
    }
};

struct Decoded {
    int frames = 0;
    int errors = 0;
    std::int64_t first_pts = AV_NOPTS_VALUE;
    std::int64_t last_pts = AV_NOPTS_VALUE;
    std::int64_t longest_step = 0;
};

int complaints = 0;
void count_complaints(void*, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING) return;
    ++complaints;
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    UNSCOPED_INFO(text);
}

std::map<int, Decoded> decode(const std::vector<hls::SharedSegment>& segments) {
    const bool ts = !segments.front()->init->data;
    Input input;
    if (const auto& init = segments.front()->init->data) input.bytes.assign(init->begin(), init->end());
    for (const auto& s : segments) input.bytes.insert(input.bytes.end(), s->data->begin(), s->data->end());
    auto* buffer = static_cast<unsigned char*>(av_malloc(32'768));
    AVIOContext* io = avio_alloc_context(buffer, 32'768, 0, &input, Input::read, nullptr, nullptr);
    AVFormatContext* format = avformat_alloc_context();
    format->pb = io;
    REQUIRE(avformat_open_input(&format, nullptr, nullptr, nullptr) == 0);
    // The tracks of a transport stream are told by its packets.
    if (ts) REQUIRE(avformat_find_stream_info(format, nullptr) >= 0);
    std::map<int, AVCodecContext*> codecs;
    for (unsigned i = 0; i < format->nb_streams; ++i) {
        const auto* parameters = format->streams[i]->codecpar;
        const AVCodec* codec = avcodec_find_decoder(parameters->codec_id);
        auto* context = codecs[static_cast<int>(i)] = avcodec_alloc_context3(codec);
        REQUIRE(avcodec_parameters_to_context(context, parameters) >= 0);
        REQUIRE(avcodec_open2(context, codec, nullptr) == 0);
    }
    std::map<int, Decoded> out;
    AVPacket* packet = av_packet_alloc();
    AVFrame* frame = av_frame_alloc();
    const auto drain = [&](int index) {
        auto& d = out[index];
        while (avcodec_receive_frame(codecs[index], frame) == 0) {
            if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT)) ++d.errors;
            if (d.frames++ == 0) d.first_pts = frame->pts;
            if (d.last_pts != AV_NOPTS_VALUE)
                d.longest_step = std::max(d.longest_step, frame->pts - d.last_pts);
            d.last_pts = frame->pts;
        }
    };
    while (av_read_frame(format, packet) == 0) {
        if (avcodec_send_packet(codecs[packet->stream_index], packet) < 0) ++out[packet->stream_index].errors;
        drain(packet->stream_index);
        av_packet_unref(packet);
    }
    for (auto& [index, codec] : codecs) {
        avcodec_send_packet(codec, nullptr);
        drain(index);
        avcodec_free_context(&codec);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avformat_close_input(&format);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return out;
}

}  // namespace

TEST_CASE("sixty seconds decode to every frame, in step, without one complaint of the decoder") {
    const auto container = GENERATE(hls::Container::fmp4, hls::Container::ts);
    const std::int64_t start_ms = GENERATE(0, 0x00FFFF00, 0x7FFFFF00, 0xFFFFFF00);
    // 33 bits of 90 kHz are over at 0x5B05B05 ms: one start on either side.
    if (container == hls::Container::ts && start_ms != 0x00FFFF00 && start_ms != 0xFFFFFF00) return;
    const bool ts = container == hls::Container::ts;
    std::int64_t msn = 0;
    test::Lesson lesson{start_ms};
    hls::Segmenter segmenter{{.run = "1"}, [&msn] { return msn++; }};
    std::vector<hls::SharedSegment> segments;
    hls::Packager packager{[&](hls::SharedSegment s) { segments.push_back(std::move(s)); }, {container}};
    while (lesson.now_ms() < start_ms + 60'100) {
        auto frame = lesson.next();
        frame.opens_segment = segmenter.on_frame(frame.kind, frame.keyframe, frame.dts_ms, false);
        packager.on_frame(std::make_shared<const Frame>(std::move(frame)));
    }
    REQUIRE(segments.size() == 30);
    complaints = 0;
    av_log_set_callback(count_complaints);
    const auto decoded = decode(segments);
    av_log_set_callback(av_log_default_callback);
    CHECK(complaints == 0);
    const auto& video = decoded.at(0);
    CHECK(video.frames == 1500);
    CHECK(video.errors == 0);
    CHECK(video.first_pts == (start_ms + 80) * 90 % (ts ? std::int64_t{1} << 33 : INT64_MAX));
    CHECK(video.longest_step == 3600);
    const auto& audio = decoded.at(1);
    CHECK(audio.frames == 2813);
    CHECK(audio.errors == 0);
    CHECK(audio.longest_step == (ts ? 1920 : 1024));  // of 90 kHz, of 48 kHz
}
