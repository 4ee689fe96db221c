#include "common/av/codec.hpp"

#include <array>
#include <cstdio>
#include <mutex>

#include "common/log/log.hpp"

namespace tongke::av {
namespace {

// libav speaks to stderr by default; its words help only whoever debugs.
void to_our_log(void*, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING || !log::enabled(log::Level::debug)) return;
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string_view text{line.data()};
    while (text.ends_with('\n')) text.remove_suffix(1);
    log::debug("av", "{}", text);
}

}  // namespace

void quiet_libav() {
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(to_our_log); });
}

Result<CodecPtr> make_encoder(const char* name) {
    quiet_libav();
    const auto* codec = avcodec_find_encoder_by_name(name);
    if (!codec) return Error{Errc::encoder_missing};
    CodecPtr context{avcodec_alloc_context3(codec)};
    if (!context) return Error{Errc::out_of_memory};
    return context;
}

}  // namespace tongke::av
