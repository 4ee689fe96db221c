#include "tests/support/hls_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include "common/time/format.hpp"

namespace tongke::hls {
namespace {

struct Entry {
    std::string uri, extinf, pdt, map;
    bool discontinuity = false, gap = false;
    long long msn = 0, discontinuity_number = 0;
    double seconds() const { return std::strtod(extinf.c_str(), nullptr); }
    std::optional<long long> pdt_ms() const {
        const auto t = parse_iso8601(pdt);
        return t ? std::optional<long long>{unix_ms(*t)} : std::nullopt;
    }
};

struct Text {
    std::vector<std::string> lines;
    std::map<std::string, int> times;          // how often each tag occurs
    std::map<std::string, std::string> value;  // of its last occurrence
    std::map<std::string, std::size_t> first;  // line of its first occurrence
    std::size_t first_segment_line = SIZE_MAX;
    std::vector<Entry> entries;

    bool has(const std::string& tag) const { return times.contains(tag); }
    long long integer(const std::string& tag, long long otherwise = 0) const {
        const auto it = value.find(tag);
        return it == value.end() ? otherwise : std::atoll(it->second.c_str());
    }
    double total() const {
        double sum = 0;
        for (const auto& e : entries) sum += e.seconds();
        return sum;
    }
};

Text read(const std::string& playlist) {
    Text out;
    std::size_t at = 0;
    while (at < playlist.size()) {
        const auto end = std::min(playlist.find('\n', at), playlist.size());
        out.lines.push_back(playlist.substr(at, end - at));
        at = end + 1;
    }
    Entry next;
    std::string map;
    for (std::size_t i = 0; i < out.lines.size(); ++i) {
        const auto& line = out.lines[i];
        if (line.empty()) continue;
        if (line[0] != '#') {
            out.first_segment_line = std::min(out.first_segment_line, i);
            next.uri = line;
            next.map = map;
            out.entries.push_back(next);
            next = {};
            continue;
        }
        const auto colon = line.find(':');
        const auto tag = line.substr(0, colon);
        const auto value = colon == std::string::npos ? "" : line.substr(colon + 1);
        ++out.times[tag];
        out.value[tag] = value;
        out.first.emplace(tag, i);
        if (tag == "#EXTINF" || tag == "#EXT-X-DISCONTINUITY" || tag == "#EXT-X-MAP")
            out.first_segment_line = std::min(out.first_segment_line, i);
        if (tag == "#EXTINF") next.extinf = value;
        if (tag == "#EXT-X-PROGRAM-DATE-TIME") next.pdt = value;
        if (tag == "#EXT-X-DISCONTINUITY") next.discontinuity = true;
        if (tag == "#EXT-X-GAP") next.gap = true;
        if (tag == "#EXT-X-MAP") map = value;
    }
    long long msn = out.integer("#EXT-X-MEDIA-SEQUENCE");
    long long discontinuities = out.integer("#EXT-X-DISCONTINUITY-SEQUENCE");
    for (auto& e : out.entries) {
        e.msn = msn++;
        if (e.discontinuity) ++discontinuities;
        e.discontinuity_number = discontinuities;
    }
    return out;
}

class Check {
  public:
    Check(const Text& text, std::vector<Violation>& out) : text_(text), out_(out) {}

    void alone() {
        format();
        version();
        durations();
        sequence_tags();
        dates();
        server_control();
        uris();
    }
    void against(const Text& before) {
        if (before.integer("#EXT-X-TARGETDURATION") != text_.integer("#EXT-X-TARGETDURATION"))
            add("RFC 8216bis 6.2.1", "TARGETDURATION changed");
        if (text_.entries.empty() || before.entries.empty()) return;
        media_sequence(before);
        same_segments(before);
        discontinuity_sequence(before);
        const bool removed = text_.entries.front().msn > before.entries.front().msn;
        const bool overlap = text_.entries.front().msn <= before.entries.back().msn;
        if (removed && overlap && text_.total() < 3.0 * target())
            add("RFC 8216bis 6.2.2", "segments removed although less than three target durations are left");
    }

  private:
    void add(std::string section, std::string what) { out_.push_back({std::move(section), std::move(what)}); }
    double target() const { return static_cast<double>(text_.integer("#EXT-X-TARGETDURATION")); }

    void format() {
        if (text_.lines.empty() || text_.lines[0] != "#EXTM3U")
            add("RFC 8216bis 4.4.1.1", "#EXTM3U is not the first line");
        for (const auto* tag : {"#EXT-X-PLAYLIST-TYPE", "#EXT-X-ENDLIST"})
            if (text_.has(tag)) add("TRAPS 3", std::string{tag} + " in a live playlist");
        for (const auto* tag : {"#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE",
                                "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-SERVER-CONTROL"})
            if (const auto it = text_.times.find(tag); it != text_.times.end() && it->second > 1)
                add("RFC 8216bis 4.4.3", std::string{tag} + " more than once");
        if (!text_.has("#EXT-X-INDEPENDENT-SEGMENTS")) add("CONTRACT 5", "no INDEPENDENT-SEGMENTS");
    }
    void version() {
        long long needed = 1;
        for (const auto& e : text_.entries)
            if (e.extinf.find('.') != std::string::npos) needed = std::max(needed, 3LL);
        if (text_.has("#EXT-X-MAP")) needed = std::max(needed, 6LL);
        if (text_.has("#EXT-X-DEFINE")) needed = std::max(needed, 8LL);
        if (text_.has("#EXT-X-SKIP")) needed = std::max(needed, 9LL);
        const auto written = text_.integer("#EXT-X-VERSION", 1);
        if (written < needed) add("RFC 8216bis 8", "VERSION lower than the tags need");
        if (written > needed) add("RFC 8216bis 8", "VERSION higher than the tags need");
    }
    void durations() {
        if (!text_.has("#EXT-X-TARGETDURATION")) add("RFC 8216bis 4.4.3.1", "no TARGETDURATION");
        static const std::regex fixed{R"(\d+\.\d{6},.*)"};
        for (const auto& e : text_.entries) {
            if (e.extinf.empty()) add("RFC 8216bis 4.4.4.1", "no EXTINF before " + e.uri);
            if (std::lround(e.seconds()) > text_.integer("#EXT-X-TARGETDURATION"))
                add("RFC 8216bis 4.4.3.1", "EXTINF of " + e.uri + " rounds above TARGETDURATION");
            if (!std::regex_match(e.extinf, fixed))
                add("TRAPS 3", "EXTINF of " + e.uri + " without six decimals");
        }
    }
    void sequence_tags() {
        for (const auto* tag : {"#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE"})
            if (const auto it = text_.first.find(tag);
                it != text_.first.end() && it->second > text_.first_segment_line)
                add("RFC 8216bis 4.4.3.2", std::string{tag} + " after the first segment");
    }
    void dates() {
        static const std::regex absolute{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d))"};
        const Entry* before = nullptr;
        for (const auto& e : text_.entries) {
            if (e.pdt.empty() && (!before || e.discontinuity))
                add("TRAPS 3", "no PROGRAM-DATE-TIME at the start or at a discontinuity: " + e.uri);
            if (!e.pdt.empty() && !std::regex_match(e.pdt, absolute))
                add("RFC 8216bis 4.4.4.6", "PROGRAM-DATE-TIME without milliseconds or zone: " + e.pdt);
            if (before && e.pdt_ms() && before->pdt_ms()) {
                const auto step = *e.pdt_ms() - *before->pdt_ms();
                const auto length = std::llround(before->seconds() * 1000);
                if (step <= 0) add("TRAPS 3", "PROGRAM-DATE-TIME does not rise at " + e.uri);
                if (!e.discontinuity && std::abs(step - length) > 1)
                    add("RFC 8216bis 4.4.4.6", "PROGRAM-DATE-TIME disagrees with EXTINF before " + e.uri);
            }
            before = &e;
        }
    }
    void server_control() {
        const auto it = text_.value.find("#EXT-X-SERVER-CONTROL");
        if (it == text_.value.end() || it->second.find("CAN-BLOCK-RELOAD=YES") == std::string::npos)
            return add("CONTRACT 5", "no CAN-BLOCK-RELOAD");
        std::smatch match;
        if (std::regex_search(it->second, match, std::regex{R"(HOLD-BACK=([0-9.]+))"}) &&
            std::strtod(match[1].str().c_str(), nullptr) < 3 * target())
            add("RFC 8216bis 4.4.3.8", "HOLD-BACK below three target durations");
    }
    void uris() {
        std::set<std::string> seen;
        for (const auto& e : text_.entries) {
            const auto path = e.uri.substr(0, e.uri.find('?'));
            if (e.uri.find("://") != std::string::npos || e.uri.starts_with('/'))
                add("CONTRACT 5", "URI not relative: " + e.uri);
            if (!path.ends_with(".m4s") && !path.ends_with(".ts"))
                add("CONTRACT 5", "segment name ends neither .m4s nor .ts: " + e.uri);
            if (path.ends_with(".m4s") && e.map.empty())
                add("RFC 8216bis 3.1.2", "fMP4 segment without EXT-X-MAP: " + e.uri);
            if (!seen.insert(path).second) add("TRAPS 1.3", "segment named twice: " + e.uri);
        }
    }

    void media_sequence(const Text& before) {
        if (text_.entries.front().msn < before.entries.front().msn)
            add("RFC 8216bis 6.2.2", "MEDIA-SEQUENCE fell");
        if (text_.entries.back().msn < before.entries.back().msn)
            add("RFC 8216bis 6.2.2", "the newest media sequence number fell");
        std::map<std::string, long long> numbers;
        for (const auto& e : before.entries) numbers[e.uri] = e.msn;
        for (const auto& e : text_.entries)
            if (const auto it = numbers.find(e.uri); it != numbers.end() && it->second != e.msn)
                add("RFC 8216bis 6.2.2", "MEDIA-SEQUENCE did not rise by one per removed segment: " + e.uri);
    }
    void same_segments(const Text& before) {
        std::map<long long, const Entry*> known;
        for (const auto& e : before.entries) known[e.msn] = &e;
        for (const auto& e : text_.entries) {
            const auto it = known.find(e.msn);
            if (it == known.end()) continue;
            const Entry& old = *it->second;
            if (old.uri != e.uri || old.extinf != e.extinf || old.pdt != e.pdt || old.map != e.map ||
                old.discontinuity != e.discontinuity || old.gap != e.gap)
                add("RFC 8216bis 6.2.1", "segment changed after it was listed: " + e.uri);
        }
    }
    void discontinuity_sequence(const Text& before) {
        const auto& first = text_.entries.front();
        const auto& last_before = before.entries.back();
        if (first.msn > last_before.msn + 1) {
            if (!first.discontinuity) add("TRAPS 1.3", "numbers jumped without a DISCONTINUITY");
            if (first.discontinuity_number <= last_before.discontinuity_number)
                add("RFC 8216bis 6.2.2", "DISCONTINUITY-SEQUENCE not raised where numbers jumped");
            return;
        }
        for (const auto& old : before.entries)
            for (const auto& e : text_.entries)
                if (e.msn == old.msn && e.discontinuity_number != old.discontinuity_number) {
                    add("RFC 8216bis 6.2.2",
                        "DISCONTINUITY-SEQUENCE did not count the removed tags: " + e.uri);
                    return;
                }
        if (first.discontinuity_number < last_before.discontinuity_number && first.msn > last_before.msn)
            add("RFC 8216bis 6.2.2", "DISCONTINUITY-SEQUENCE fell");
    }

    const Text& text_;
    std::vector<Violation>& out_;
};

}  // namespace

std::vector<Violation> check_playlist(const std::optional<std::string>& previous,
                                      const std::string& current) {
    std::vector<Violation> out;
    const auto now = read(current);
    Check check{now, out};
    check.alone();
    if (previous) check.against(read(*previous));
    return out;
}

std::string describe(const std::vector<Violation>& violations) {
    std::string out;
    for (const auto& v : violations) out += v.section + ": " + v.text + "\n";
    return out;
}

}  // namespace tongke::hls
