#include "common/hls/playlist.hpp"

#include <algorithm>
#include <array>
#include <boost/url.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/time/format.hpp"

namespace tongke::hls {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxLine = 8 << 10;
constexpr std::size_t kMaxEntries = 10'000;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;
constexpr double kMaxSegmentSeconds = 3'600;

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> count(std::string_view text) {
    const auto value = number<std::int64_t>(text);
    return value && *value >= 0 && *value <= kMaxCount ? value : std::nullopt;
}

std::optional<double> seconds(std::string_view text, double most) {
    const auto value = number<double>(text);
    return value && std::isfinite(*value) && *value >= 0 && *value <= most ? value : std::nullopt;
}

/// Walks an attribute list (RFC 8216bis 4.2): NAME=value or NAME="value".
class Attributes {
  public:
    explicit Attributes(std::string_view text) : text_(text) {}

    /// The value of `name` without its quotes.
    std::optional<std::string_view> find(std::string_view name) const {
        auto rest = text_;
        while (!rest.empty()) {
            const auto equals = rest.find('=');
            if (equals == std::string_view::npos) return std::nullopt;
            auto key = rest.substr(0, equals);
            while (key.starts_with(' ')) key.remove_prefix(1);
            rest.remove_prefix(equals + 1);
            const auto value = take_value(rest);
            if (key == name) return value;
        }
        return std::nullopt;
    }

  private:
    static std::string_view take_value(std::string_view& rest) {
        std::string_view value;
        if (rest.starts_with('"')) {
            rest.remove_prefix(1);
            const auto close = rest.find('"');
            value = rest.substr(0, close);
            rest.remove_prefix(close == std::string_view::npos ? rest.size() : close + 1);
            const auto comma = rest.find(',');
            rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        } else {
            const auto comma = rest.find(',');
            value = rest.substr(0, comma);
            rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        }
        return value;
    }

    std::string_view text_;
};

class Parser {
  public:
    Result<Playlist> parse(std::string_view text);

  private:
    using Step = Result<void> (Parser::*)(std::string_view value);
    struct Tag {
        std::string_view name;
        Step step;
    };
    static const std::array<Tag, 14> kTags;

    Result<void> line(std::string_view text);
    Result<void> uri(std::string_view text);
    Result<Playlist> finish();

    Result<void> version(std::string_view value);
    Result<void> target_duration(std::string_view value);
    Result<void> media_sequence(std::string_view value);
    Result<void> discontinuity_sequence(std::string_view value);
    Result<void> independent(std::string_view value);
    Result<void> server_control(std::string_view value);
    Result<void> map(std::string_view value);
    Result<void> date_time(std::string_view value);
    Result<void> extinf(std::string_view value);
    Result<void> discontinuity(std::string_view value);
    Result<void> gap(std::string_view value);
    Result<void> end_list(std::string_view value);
    Result<void> stream_inf(std::string_view value);
    Result<void> byte_range(std::string_view value);

    MediaPlaylist media_;
    MultivariantPlaylist multivariant_;
    bool media_tags_ = false;
    bool independent_ = false;
    std::optional<MediaEntry> entry_;  // its EXTINF came, its URI did not
    std::optional<Variant> variant_;
    MediaEntry next_;  // what was said before EXTINF
    std::string map_;
    std::optional<std::int64_t> pdt_us_;
    std::int64_t discontinuities_ = 0;
};

const std::array<Parser::Tag, 14> Parser::kTags{{
    {"#EXT-X-VERSION", &Parser::version},
    {"#EXT-X-TARGETDURATION", &Parser::target_duration},
    {"#EXT-X-MEDIA-SEQUENCE", &Parser::media_sequence},
    {"#EXT-X-DISCONTINUITY-SEQUENCE", &Parser::discontinuity_sequence},
    {"#EXT-X-INDEPENDENT-SEGMENTS", &Parser::independent},
    {"#EXT-X-SERVER-CONTROL", &Parser::server_control},
    {"#EXT-X-MAP", &Parser::map},
    {"#EXT-X-PROGRAM-DATE-TIME", &Parser::date_time},
    {"#EXTINF", &Parser::extinf},
    {"#EXT-X-DISCONTINUITY", &Parser::discontinuity},
    {"#EXT-X-GAP", &Parser::gap},
    {"#EXT-X-ENDLIST", &Parser::end_list},
    {"#EXT-X-STREAM-INF", &Parser::stream_inf},
    {"#EXT-X-BYTERANGE", &Parser::byte_range},
}};

Result<Playlist> Parser::parse(std::string_view text) {
    if (text.size() > kMaxBytes) return Error{PlaylistError::too_large};
    bool first = true;
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto one = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (one.ends_with('\r')) one.remove_suffix(1);
        if (one.size() > kMaxLine)
            return Error{first ? PlaylistError::not_a_playlist : PlaylistError::line_too_long};
        if (first && one != "#EXTM3U") return Error{PlaylistError::not_a_playlist};
        if (!first)
            if (auto step = line(one); !step) return step.error();
        first = false;
    }
    if (first) return Error{PlaylistError::not_a_playlist};
    return finish();
}

Result<void> Parser::line(std::string_view text) {
    if (text.empty()) return {};
    if (!text.starts_with('#')) return uri(text);
    const auto name = text.substr(0, text.find(':'));
    const auto value = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view{};
    for (const auto& tag : kTags)
        if (tag.name == name) return (this->*tag.step)(value);
    return {};
}

Result<void> Parser::uri(std::string_view text) {
    if (media_.entries.size() + multivariant_.variants.size() >= kMaxEntries)
        return Error{PlaylistError::too_many_entries};
    if (variant_) {
        variant_->uri = text;
        multivariant_.variants.push_back(std::move(*variant_));
        variant_.reset();
        return {};
    }
    if (!entry_) return {};  // a URI that nothing announced is no segment
    entry_->uri = text;
    media_.entries.push_back(std::move(*entry_));
    entry_.reset();
    return {};
}

Result<Playlist> Parser::finish() {
    if (entry_ || variant_) return Error{PlaylistError::missing_uri};
    if (!multivariant_.variants.empty()) {
        if (media_tags_) return Error{PlaylistError::mixed};
        multivariant_.independent_segments = independent_;
        return Playlist{std::move(multivariant_)};
    }
    if (media_.target_duration <= 0) return Error{PlaylistError::missing_target_duration};
    media_.independent_segments = independent_;
    std::int64_t msn = media_.media_sequence;
    for (auto& entry : media_.entries) {
        entry.msn = msn++;
        entry.discontinuity_sequence += media_.discontinuity_sequence;
    }
    return Playlist{std::move(media_)};
}

Result<void> Parser::version(std::string_view value) {
    const auto v = count(value);
    if (!v || *v > 100) return Error{PlaylistError::bad_number};
    media_.version = static_cast<int>(*v);
    return {};
}

Result<void> Parser::target_duration(std::string_view value) {
    const auto v = count(value);
    if (!v || *v == 0 || *v > kMaxSegmentSeconds) return Error{PlaylistError::bad_number};
    media_.target_duration = static_cast<int>(*v);
    media_tags_ = true;
    return {};
}

Result<void> Parser::media_sequence(std::string_view value) {
    const auto v = count(value);
    if (!v) return Error{PlaylistError::bad_number};
    media_.media_sequence = *v;
    media_tags_ = true;
    return {};
}

Result<void> Parser::discontinuity_sequence(std::string_view value) {
    const auto v = count(value);
    if (!v) return Error{PlaylistError::bad_number};
    media_.discontinuity_sequence = *v;
    media_tags_ = true;
    return {};
}

Result<void> Parser::independent(std::string_view) {
    independent_ = true;
    return {};
}

Result<void> Parser::server_control(std::string_view value) {
    const Attributes attributes{value};
    media_.can_block_reload = attributes.find("CAN-BLOCK-RELOAD") == "YES";
    if (const auto text = attributes.find("HOLD-BACK")) {
        media_.hold_back = seconds(*text, kMaxSegmentSeconds);
        if (!media_.hold_back) return Error{PlaylistError::bad_number};
    }
    return {};
}

Result<void> Parser::map(std::string_view value) {
    const auto text = Attributes{value}.find("URI");
    if (!text || text->empty()) return Error{PlaylistError::bad_tag};
    map_ = *text;
    media_tags_ = true;
    return {};
}

Result<void> Parser::date_time(std::string_view value) {
    const auto time = parse_iso8601(value);
    if (!time) return Error{PlaylistError::bad_date};
    next_.pdt_ms = unix_ms(*time);
    pdt_us_ = *next_.pdt_ms * 1000;
    return {};
}

Result<void> Parser::extinf(std::string_view value) {
    const auto length = seconds(value.substr(0, value.find(',')), kMaxSegmentSeconds);
    if (!length) return Error{PlaylistError::bad_duration};
    if (entry_) return Error{PlaylistError::missing_uri};
    media_tags_ = true;
    entry_ = std::exchange(next_, MediaEntry{});
    entry_->duration_us = std::llround(*length * 1e6);
    entry_->discontinuity_sequence = discontinuities_;
    entry_->map_uri = map_;
    if (!entry_->pdt_ms && pdt_us_ && !entry_->discontinuity) entry_->pdt_ms = *pdt_us_ / 1000;
    if (entry_->discontinuity && !entry_->pdt_ms) pdt_us_.reset();
    if (pdt_us_) *pdt_us_ += entry_->duration_us;
    return {};
}

Result<void> Parser::discontinuity(std::string_view) {
    auto& into = entry_ ? *entry_ : next_;
    if (!into.discontinuity) into.discontinuity_sequence = ++discontinuities_;
    into.discontinuity = true;
    return {};
}

Result<void> Parser::gap(std::string_view) {
    (entry_ ? *entry_ : next_).gap = true;
    return {};
}

Result<void> Parser::end_list(std::string_view) {
    media_.ended = true;
    return {};
}

Result<void> Parser::stream_inf(std::string_view value) {
    if (variant_) return Error{PlaylistError::missing_uri};
    const Attributes attributes{value};
    const auto text = attributes.find("BANDWIDTH");
    const auto bandwidth = text ? count(*text) : std::nullopt;
    if (!bandwidth) return Error{PlaylistError::bad_number};
    Variant variant{.bandwidth = *bandwidth};
    if (const auto codecs = attributes.find("CODECS")) variant.codecs = *codecs;
    if (const auto size = attributes.find("RESOLUTION")) {
        const auto cross = std::min(size->find('x'), size->size());
        const auto width = number<int>(size->substr(0, cross));
        const auto height = cross < size->size() ? number<int>(size->substr(cross + 1)) : std::nullopt;
        if (!width || !height || *width < 0 || *height < 0) return Error{PlaylistError::bad_number};
        variant.width = *width;
        variant.height = *height;
    }
    variant_ = std::move(variant);
    return {};
}

/// Parts of a file are not fetched as such: better refused than played wrong.
Result<void> Parser::byte_range(std::string_view) { return Error{PlaylistError::bad_tag}; }

}  // namespace

Result<Playlist> parse_playlist(std::string_view text) { return Parser{}.parse(text); }

Result<std::string> resolve_uri(std::string_view base, std::string_view reference) {
    namespace urls = boost::urls;
    if (base.size() > kMaxLine || reference.size() > kMaxLine) return Error{PlaylistError::bad_uri};
    const auto from = urls::parse_uri({base.data(), base.size()});
    const auto to = urls::parse_uri_reference({reference.data(), reference.size()});
    if (!from || !to) return Error{PlaylistError::bad_uri};
    urls::url out;
    if (!urls::resolve(*from, *to, out)) return Error{PlaylistError::bad_uri};
    const bool web = out.scheme() == "http" || out.scheme() == "https";
    if (!web || out.encoded_host().empty()) return Error{PlaylistError::bad_uri};
    out.remove_fragment();
    return std::string{out.buffer().data(), out.buffer().size()};
}

}  // namespace tongke::hls
