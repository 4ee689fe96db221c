// Decodes H.264 as FLV and MP4 carry it, with libavcodec, to the brightness of
// its pictures. For tests only: common/av's own decoder judges no encoder of common/av.
#pragma once
#include <cstring>
#include <functional>
#include <memory>

#include "common/media/frame.hpp"
#include "common/media/picture.hpp"
#include "tests/support/catch.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace tongke::test {

class PictureDecoder {
  public:
    explicit PictureDecoder(const TrackDescription& track) {
        context_.reset(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264)));
        const auto& config = *track.decoder_config;
        context_->extradata =
            static_cast<std::uint8_t*>(av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
        std::memcpy(context_->extradata, config.data(), config.size());
        context_->extradata_size = static_cast<int>(config.size());
        context_->thread_count = 1;
        REQUIRE(avcodec_open2(context_.get(), nullptr, nullptr) == 0);
    }

    /// Calls `see` for each picture that comes out.
    void decode(ByteView avcc, const std::function<void(const LumaView&)>& see) {
        Bytes padded(avcc.begin(), avcc.end());
        padded.resize(padded.size() + AV_INPUT_BUFFER_PADDING_SIZE);
        packet_->data = padded.data();
        packet_->size = static_cast<int>(avcc.size());
        REQUIRE(avcodec_send_packet(context_.get(), packet_.get()) == 0);
        while (avcodec_receive_frame(context_.get(), frame_.get()) == 0) {
            CHECK(frame_->decode_error_flags == 0);
            see({frame_->data[0], frame_->width, frame_->height, frame_->linesize[0]});
        }
    }

  private:
    struct Free {
        void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
        void operator()(AVFrame* f) const { av_frame_free(&f); }
        void operator()(AVPacket* p) const { av_packet_free(&p); }
    };
    std::unique_ptr<AVCodecContext, Free> context_;
    std::unique_ptr<AVFrame, Free> frame_{av_frame_alloc()};
    std::unique_ptr<AVPacket, Free> packet_{av_packet_alloc()};
};

}  // namespace tongke::test
