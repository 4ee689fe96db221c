// link: common_hls
// A playlist from whatever answers at the upstream's address, and every URI in it.
#include <cstddef>
#include <cstdint>

#include "common/hls/playlist.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace hls = tongke::hls;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto playlist = hls::parse_playlist(text);
    if (!playlist) return 0;
    const auto resolve = [](std::string_view uri) {
        (void)hls::resolve_uri("https://relay.example/hls/main/live.m3u8", uri);
    };
    if (const auto* media = std::get_if<hls::MediaPlaylist>(&*playlist)) {
        std::int64_t msn = media->media_sequence;
        for (const auto& entry : media->entries) {
            if (entry.msn != msn++ || entry.duration_us < 0) __builtin_trap();
            resolve(entry.uri);
            resolve(entry.map_uri);
        }
    } else {
        for (const auto& variant : std::get<hls::MultivariantPlaylist>(*playlist).variants)
            resolve(variant.uri);
    }
    return 0;
}
