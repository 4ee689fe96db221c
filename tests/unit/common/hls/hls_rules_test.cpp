#include "tests/support/hls_rules.hpp"

#include <regex>

#include "tests/support/catch.hpp"

using namespace tongke::hls;

namespace {

const std::string kGood =
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.000\n#EXT-X-MEDIA-SEQUENCE:10\n"
    "#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"r/init-0.mp4\"\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:00.000Z\n#EXTINF:2.000000,\nr/10.m4s\n"
    "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:05.000Z\n#EXTINF:2.000000,\nr/11.m4s\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:07.000Z\n#EXTINF:2.000000,\nr/12.m4s\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:09.000Z\n#EXTINF:2.000000,\nr/13.m4s\n";

// The same one segment later.
const std::string kNext =
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.000\n#EXT-X-MEDIA-SEQUENCE:11\n"
    "#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"r/init-0.mp4\"\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:05.000Z\n#EXTINF:2.000000,\nr/11.m4s\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:07.000Z\n#EXTINF:2.000000,\nr/12.m4s\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:09.000Z\n#EXTINF:2.000000,\nr/13.m4s\n"
    "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:11.000Z\n#EXTINF:2.000000,\nr/14.m4s\n";

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

struct Bad {
    std::string section, words, playlist;
    bool with_previous = false;
};

}  // namespace

TEST_CASE("a good playlist and its successor break no rule") {
    CHECK(describe(check_playlist({}, kGood)).empty());
    CHECK(describe(check_playlist(kGood, kNext)).empty());
    CHECK(describe(check_playlist(kGood, kGood)).empty());
}

TEST_CASE("each rule is broken by its own bad playlist") {
    const std::string pdt10 = "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:00.000Z\n";
    const std::string pdt12 = "2025-04-16T02:00:07.000Z";
    const std::string inf = "#EXTINF:2.000000,\n";
    std::string jumped = changed(kNext, "MEDIA-SEQUENCE:11", "MEDIA-SEQUENCE:40");
    jumped = std::regex_replace(jumped, std::regex{"r/1"}, "s/4");
    const auto bad = GENERATE_COPY(values<Bad>({
        {"4.4.1.1", "first line", changed(kGood, "#EXTM3U\n", "\n")},
        {"TRAPS 3", "live playlist", kGood + "#EXT-X-ENDLIST\n"},
        {"TRAPS 3", "live playlist", changed(kGood, "#EXTM3U\n", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n")},
        {"4.4.3", "more than once", changed(kGood, "#EXTM3U\n", "#EXTM3U\n#EXT-X-VERSION:6\n")},
        {"CONTRACT 5", "INDEPENDENT", changed(kGood, "#EXT-X-INDEPENDENT-SEGMENTS\n", "")},
        {"RFC 8216bis 8", "higher", changed(kGood, "VERSION:6", "VERSION:9")},
        {"RFC 8216bis 8", "lower", changed(kGood, "VERSION:6", "VERSION:3")},
        {"4.4.3.1", "no TARGETDURATION", changed(kGood, "#EXT-X-TARGETDURATION:2\n", "")},
        {"4.4.3.1", "rounds above", changed(kGood, "INF:2.0", "INF:2.6")},
        {"4.4.4.1", "no EXTINF", changed(kGood, inf, "")},
        {"TRAPS 3", "six decimals", changed(kGood, "2.000000", "2.0")},
        {"4.4.3.2", "after the first segment",
         changed(kGood, "#EXT-X-MEDIA-SEQUENCE:10\n", "") + "#EXT-X-MEDIA-SEQUENCE:10\n"},
        {"TRAPS 3", "at the start", changed(kGood, pdt10, "")},
        {"4.4.4.6", "zone", changed(kGood, "00:00.000Z", "00:00.000")},
        {"TRAPS 3", "does not rise", changed(kGood, pdt12, "2025-04-16T02:00:05.000Z")},
        {"4.4.4.6", "disagrees", changed(kGood, pdt12, "2025-04-16T02:00:07.002Z")},
        {"CONTRACT 5", "BLOCK-RELOAD", changed(kGood, "CAN-BLOCK-RELOAD=YES", "X=YES")},
        {"4.4.3.8", "HOLD-BACK", changed(kGood, "HOLD-BACK=6", "HOLD-BACK=5")},
        {"CONTRACT 5", "not relative", changed(kGood, "r/12.m4s", "http://a/12.m4s")},
        {"CONTRACT 5", "neither", changed(kGood, "r/12.m4s", "r/12.mp4")},
        {"3.1.2", "without EXT-X-MAP", changed(kGood, "#EXT-X-MAP:URI=\"r/init-0.mp4\"\n", "")},
        {"TRAPS 1.3", "named twice", changed(kGood, "r/12.m4s", "r/11.m4s")},
        {"6.2.1", "TARGETDURATION changed", changed(kNext, "TARGETDURATION:2", "TARGETDURATION:1"), true},
        {"6.2.2", "fell", changed(kNext, "SEQUENCE:11", "SEQUENCE:9"), true},
        {"6.2.2", "newest media sequence number fell", kGood.substr(0, kGood.find("#EXT-X-DISCONTINUITY\n")),
         true},
        {"6.2.2", "did not rise by one", changed(kNext, "SEQUENCE:11", "SEQUENCE:12"), true},
        {"6.2.1", "changed after", changed(kNext, "r/12.m4s", "s/12.m4s"), true},
        {"6.2.1", "changed after", changed(kNext, "INF:2.000000,\nr/12", "INF:2.000001,\nr/12"), true},
        {"6.2.2", "did not count", changed(kNext, "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2"),
         true},
        {"6.2.2", "three target durations",
         kNext.substr(0, kNext.find("#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:09")), true},
        {"TRAPS 1.3", "without a DISCONTINUITY", changed(jumped, "#EXT-X-DISCONTINUITY\n", ""), true},
        {"6.2.2", "not raised", jumped, true},
    }));
    const auto found =
        describe(check_playlist(bad.with_previous ? std::optional{kGood} : std::nullopt, bad.playlist));
    CAPTURE(bad.words, bad.playlist, found);
    bool named = false;
    for (const auto& v :
         check_playlist(bad.with_previous ? std::optional{kGood} : std::nullopt, bad.playlist))
        named = named || (v.section.find(bad.section) != std::string::npos &&
                          v.text.find(bad.words) != std::string::npos);
    CHECK(named);
}
