#include "common/hls/playlist.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::hls;

namespace {

Error error_of(std::string_view text) {
    const auto parsed = parse_playlist(text);
    REQUIRE(parsed.has_error());
    return parsed.error();
}

MediaPlaylist media(std::string_view text) { return std::get<MediaPlaylist>(parse_playlist(text).value()); }

constexpr std::string_view kTwoSegments =
    "#EXTM3U\r\n#EXT-X-VERSION:6\r\n#EXT-X-TARGETDURATION:2\r\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.0\r\n"
    "#EXT-X-MEDIA-SEQUENCE:41\r\n#EXT-X-DISCONTINUITY-SEQUENCE:3\r\n#EXT-X-INDEPENDENT-SEGMENTS\r\n"
    "#EXT-X-UNKNOWN:A=\"1,2\"\r\n# a comment\r\n\r\n"
    "#EXT-X-MAP:BYTES=1,URI=\"1a/init-0.mp4\"\r\n#EXT-X-PROGRAM-DATE-TIME:2025-04-16T10:00:00.500+08:00\r\n"
    "#EXTINF:2.000000,title\r\n1a/41.m4s\r\n"
    "#EXTINF:1.96,\r\n1a/42.m4s\r\n"
    "#EXT-X-DISCONTINUITY\r\n#EXT-X-GAP\r\n#EXTINF:2,\r\n1a/43.m4s";

}  // namespace

TEST_CASE("a media playlist is read with all that we write into it") {
    const auto playlist = media(kTwoSegments);
    CHECK(playlist.version == 6);
    CHECK(playlist.target_duration == 2);
    CHECK(playlist.can_block_reload);
    CHECK(playlist.hold_back == 6.0);
    CHECK(playlist.independent_segments);
    REQUIRE(playlist.entries.size() == 3);
    const auto& second = playlist.entries[1];
    CHECK(second.msn == 42);
    CHECK(second.uri == "1a/42.m4s");
    CHECK(second.map_uri == "1a/init-0.mp4");
    CHECK(second.duration_us == 1'960'000);
    CHECK(second.pdt_ms == 1'744'768'802'500);
    CHECK(second.discontinuity_sequence == 3);
    const auto& third = playlist.entries[2];
    CHECK(third.discontinuity);
    CHECK(third.gap);
    CHECK(third.discontinuity_sequence == 4);
    CHECK_FALSE(third.pdt_ms);
}

TEST_CASE("a multivariant playlist is read with its variants") {
    const auto parsed = parse_playlist(
        "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720\nlive."
        "m3u8\n");
    const auto& playlist = std::get<MultivariantPlaylist>(parsed.value());
    REQUIRE(playlist.variants.size() == 1);
    CHECK(playlist.variants[0].uri == "live.m3u8");
    CHECK(playlist.variants[0].codecs == "avc1.64001f,mp4a.40.2");
    CHECK(playlist.variants[0].width == 1280);
}

TEST_CASE("what is no playlist is named as such") {
    CHECK(error_of("") == PlaylistError::not_a_playlist);
    CHECK(error_of("<!DOCTYPE html><html>502 Bad Gateway</html>") == PlaylistError::not_a_playlist);
    CHECK(error_of("#EXTM3U8\n") == PlaylistError::not_a_playlist);
    CHECK(error_of(std::string(9'000, 'x')) == PlaylistError::not_a_playlist);
}

TEST_CASE("every malformed playlist is refused with its own error") {
    const std::string head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n";
    CHECK(error_of("#EXTM3U\n#EXTINF:2,\na.m4s\n") == PlaylistError::missing_target_duration);
    CHECK(error_of("#EXTM3U\n#EXT-X-TARGETDURATION:-2\n") == PlaylistError::bad_number);
    CHECK(error_of(head + "#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n") == PlaylistError::bad_number);
    CHECK(error_of(head + "#EXT-X-MEDIA-SEQUENCE:9007199254740993\n") == PlaylistError::bad_number);
    CHECK(error_of(head + "#EXTINF:nan,\na\n") == PlaylistError::bad_duration);
    CHECK(error_of(head + "#EXTINF:1e9,\na\n") == PlaylistError::bad_duration);
    CHECK(error_of(head + "#EXTINF:-1,\na\n") == PlaylistError::bad_duration);
    CHECK(error_of(head + "#EXT-X-PROGRAM-DATE-TIME:yesterday\n") == PlaylistError::bad_date);
    CHECK(error_of(head + "#EXTINF:2,\n") == PlaylistError::missing_uri);
    CHECK(error_of(head + "#EXTINF:2,\n#EXTINF:2,\na\n") == PlaylistError::missing_uri);
    CHECK(error_of(head + "#EXT-X-MAP:URI=\"\"\n") == PlaylistError::bad_tag);
    CHECK(error_of(head + "#EXT-X-BYTERANGE:1@2\n") == PlaylistError::bad_tag);
    CHECK(error_of("#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"a\"\nv.m3u8\n") == PlaylistError::bad_number);
    CHECK(error_of(head + "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n") == PlaylistError::mixed);
    CHECK(error_of(head + "#" + std::string(9'000, 'x')) == PlaylistError::line_too_long);
    CHECK(error_of(std::string(2 << 20, '\n')) == PlaylistError::too_large);
    std::string many = head;
    for (int i = 0; i < 10'001; ++i) many += "#EXTINF:2,\n" + std::to_string(i) + "\n";
    CHECK(error_of(many) == PlaylistError::too_many_entries);
}

TEST_CASE("URIs resolve against the address of their playlist") {
    const auto resolve = [](std::string_view reference) {
        return resolve_uri("http://relay:8080/hls/main/index.m3u8?token=x", reference).value();
    };
    CHECK(resolve("live.m3u8") == "http://relay:8080/hls/main/live.m3u8");
    CHECK(resolve("1a/7.m4s?token=T") == "http://relay:8080/hls/main/1a/7.m4s?token=T");
    CHECK(resolve("/x/../y.m4s#part") == "http://relay:8080/y.m4s");
    CHECK(resolve("//cdn.example/a.ts") == "http://cdn.example/a.ts");
    CHECK(resolve("https://other/b.ts") == "https://other/b.ts");
}

TEST_CASE("a URI that leads away from the web is refused") {
    const std::string base = "http://relay/hls/main/live.m3u8";
    for (const std::string_view bad :
         {"file:///etc/passwd", "ftp://a/b", "http://", "a b", "%zz", "http:///x"})
        CHECK(resolve_uri(base, bad).has_error());
    CHECK(resolve_uri("live.m3u8", "a.m4s").has_error());
    CHECK(resolve_uri(base, std::string(9'000, 'a')).has_error());
}
