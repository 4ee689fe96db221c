#include "common/av/still_picture.hpp"

#include <algorithm>
#include <cstring>

#include "common/av/codec.hpp"

extern "C" {
#include <libswscale/swscale.h>
}

namespace tongke::av {
namespace {

constexpr int kLargest = 8192;
constexpr std::uint8_t kPngMagic[] = {0x89, 'P', 'N', 'G'};
constexpr std::uint8_t kJpegMagic[] = {0xFF, 0xD8, 0xFF};

struct FreeScaler {
    void operator()(SwsContext* context) const { sws_freeContext(context); }
};

template <std::size_t N>
bool begins_with(ByteView file, const std::uint8_t (&magic)[N]) {
    return file.size() > N && std::equal(std::begin(magic), std::end(magic), file.begin());
}

Result<FramePtr> decode(ByteView file) {
    const auto id = begins_with(file, kPngMagic)    ? AV_CODEC_ID_PNG
                    : begins_with(file, kJpegMagic) ? AV_CODEC_ID_MJPEG
                                                    : AV_CODEC_ID_NONE;
    const auto* codec = avcodec_find_decoder(id);
    if (!codec) return Error{Errc::bad_picture};
    CodecPtr context{avcodec_alloc_context3(codec)};
    FramePtr frame{av_frame_alloc()};
    PacketPtr packet{av_packet_alloc()};
    if (!context || !frame || !packet) return Error{Errc::out_of_memory};
    context->thread_count = 1;
    context->max_pixels = std::int64_t{kLargest} * kLargest;
    if (av_new_packet(packet.get(), static_cast<int>(file.size())) < 0) return Error{Errc::out_of_memory};
    std::memcpy(packet->data, file.data(), file.size());
    int code = avcodec_open2(context.get(), nullptr, nullptr);
    if (code >= 0) code = avcodec_send_packet(context.get(), packet.get());
    if (code >= 0) code = avcodec_send_packet(context.get(), nullptr);
    if (code >= 0) code = avcodec_receive_frame(context.get(), frame.get());
    if (code < 0) {
        from_libav(code, "read a picture");
        return Error{Errc::bad_picture};
    }
    if (frame->width > kLargest || frame->height > kLargest) return Error{Errc::bad_picture};
    return frame;
}

int even(double value) { return std::max(2, static_cast<int>(value) & ~1); }

}  // namespace

Result<Picture> read_picture(ByteView file, int width, int height) {
    quiet_libav();
    auto decoded = decode(file);
    if (!decoded) return decoded.error();
    const auto& frame = **decoded;
    const double scale =
        std::min(static_cast<double>(width) / frame.width, static_cast<double>(height) / frame.height);
    const int shown_width = std::min(width, even(frame.width * scale + 0.5));
    const int shown_height = std::min(height, even(frame.height * scale + 0.5));
    const std::unique_ptr<SwsContext, FreeScaler> scaler{sws_getContext(
        frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), shown_width, shown_height,
        AV_PIX_FMT_YUV420P, SWS_AREA | SWS_ACCURATE_RND, nullptr, nullptr, nullptr)};
    if (!scaler) return Error{Errc::bad_picture};
    // Full range in (a file), limited BT.709 out (the encoder).
    sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(SWS_CS_ITU601), 1,
                             sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
    Picture picture(width, height);
    const int x = ((width - shown_width) / 2) & ~1, y = ((height - shown_height) / 2) & ~1;
    std::uint8_t* planes[4] = {picture.plane(0) + std::ptrdiff_t{y} * width + x, nullptr, nullptr, nullptr};
    for (const int chroma : {1, 2})
        planes[chroma] = picture.plane(chroma) + std::ptrdiff_t{y / 2} * picture.chroma_width() + x / 2;
    const int strides[4] = {width, picture.chroma_width(), picture.chroma_width(), 0};
    if (sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) <= 0)
        return Error{Errc::bad_picture};
    return picture;
}

}  // namespace tongke::av
