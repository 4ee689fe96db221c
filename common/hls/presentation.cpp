#include "common/hls/presentation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace tongke::hls {
namespace {

// hls.js gives up on a response whose first byte takes longer than 10 s.
constexpr Milliseconds kLongestWait{9'000};
// How long players of a stream that has ended may wait for it to come back.
constexpr std::chrono::minutes kKeptForPlayers{5};
constexpr std::int64_t kUsPerSecond = 1'000'000;

std::chrono::microseconds microseconds(std::int64_t us) { return std::chrono::microseconds{us}; }

std::optional<std::int64_t> parse_count(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

http::Response refuse(int status, std::string_view code, std::string_view detail) {
    auto response = http::problem(status, code, detail);
    if (status == 503) response.with("Retry-After", "1");
    return response;
}
http::Response no_playlist_yet() { return refuse(503, "no_playlist_yet", "主课堂还没有开始，请稍候。"); }
http::Response bad_reload(std::string_view detail) { return refuse(400, "bad_reload", detail); }
http::Response not_found() { return refuse(404, "not_found", "没有这个地址。"); }

struct Stretch {
    std::int64_t bytes = 0, duration_us = 0;
    void add(const Segment& segment) {
        bytes += static_cast<std::int64_t>(segment.data->size());
        duration_us += segment.duration_us;
    }
    std::int64_t bps() const { return duration_us > 0 ? bytes * 8 * kUsPerSecond / duration_us : 0; }
};

}  // namespace

Presentation::Presentation(PresentationConfig config) : config_(std::move(config)) {}
Presentation::~Presentation() { release_waiting(); }

AddResult Presentation::add(SharedSegment segment, SteadyTime now) {
    if (!segment || segment->target_duration <= 0 || (!segment->gap && (!segment->data || !segment->init))) {
        ++refused_segments_;
        return AddResult::refused_incomplete;
    }
    if (last_msn_ && segment->msn <= *last_msn_) {
        ++refused_segments_;
        return AddResult::refused_lower_msn;
    }
    offline_since_.reset();
    bool discontinuity = segment->discontinuity;
    if (!last_msn_) {
        target_duration_ = segment->target_duration;
        discontinuity_sequence_ = first_sequence(*segment);
    } else if (segment->msn != *last_msn_ + 1) {
        restart_window(now);
        discontinuity = true;
    }
    last_msn_ = segment->msn;
    by_name_[segment->name] = segment;
    if (segment->init && segment->init->data) {
        auto& [init, users] = inits_[segment->init->name];
        init = segment->init;
        ++users;
    }
    listed_us_ += segment->duration_us;
    listed_.push_back({std::move(segment), discontinuity});
    slide_window(now);
    longest_listed_us_ = std::max(longest_listed_us_, listed_us_);
    render();
    wake_waiting();
    return AddResult::added;
}

/// The number that the segment had in the earlier life's window, which may have reached further; else the
/// next.
std::int64_t Presentation::first_sequence(const Segment& first) const {
    // An MSN is above every discontinuity number an earlier run can have used.
    if (!config_.earlier) return first.discontinuity ? first.msn : 0;
    const auto& [sequence, at] = *config_.earlier;
    // One that the earlier life made itself, after a hole, may be gone now: its number is not.
    const auto counts = [&](std::int64_t msn) {
        return msn < first.msn || (msn == first.msn && !first.discontinuity);
    };
    return sequence + std::count_if(at.begin(), at.end(), counts);
}

std::optional<Discontinuities> Presentation::discontinuities() const {
    if (!last_msn_) return config_.earlier;
    Discontinuities now{discontinuity_sequence_, {}};
    for (const auto& [segment, discontinuity] : listed_)
        if (discontinuity) now.at.push_back(segment->msn);
    return now;
}

/// Numbers jumped: what was listed cannot stay before what comes.
void Presentation::restart_window(SteadyTime now) {
    while (!listed_.empty()) drop_front(now);
}

void Presentation::slide_window(SteadyTime now) {
    // A playlist may not shrink below three target durations (RFC 8216bis 6.2.2).
    const auto least = std::max<double>(config_.window_seconds, 3.0 * target_duration_);
    const auto least_us = static_cast<std::int64_t>(least * kUsPerSecond);
    while (listed_.size() > 1 && listed_us_ - listed_.front().segment->duration_us >= least_us)
        drop_front(now);
}

void Presentation::drop_front(SteadyTime now) {
    auto [segment, discontinuity] = std::move(listed_.front());
    listed_.pop_front();
    listed_us_ -= segment->duration_us;
    if (discontinuity) ++discontinuity_sequence_;
    const auto until = now + microseconds(segment->duration_us + longest_listed_us_);
    removed_.push_back({std::move(segment), until});
}

void Presentation::render() {
    MediaPlaylistHead head;
    head.target_duration = target_duration_;
    head.media_sequence = listed_.front().segment->msn;
    head.discontinuity_sequence = discontinuity_sequence_;
    head.hold_back = hold_back_seconds();
    const std::vector<ListedSegment> window(listed_.begin(), listed_.end());
    live_ = write_media_playlist(head, window);
    live_bytes_ = share_blob(live_.bare());

    VariantLine variant{.uri = "live.m3u8"};
    Stretch whole;
    for (const auto& [segment, discontinuity] : listed_)
        if (!segment->gap) whole.add(*segment);
    const auto& newest = listed_.back().segment;
    peak_bps_ = std::max(peak_bps_, newest_peak_bps());
    variant.average_bandwidth = std::max<std::int64_t>(whole.bps(), 1);
    variant.bandwidth = std::max(peak_bps_, variant.average_bandwidth);
    if (newest->init) {
        variant.codecs = newest->init->codecs;
        variant.width = newest->init->width;
        variant.height = newest->init->height;
    }
    index_ = write_multivariant_playlist(variant);
    index_bytes_ = share_blob(index_.bare());
}

/// The largest rate of the segments that end with the newest and last 0.5 to 1.5 target durations together
/// (RFC 8216bis 4.4.6.2: the peak segment bit rate); 0 where there are none.
std::int64_t Presentation::newest_peak_bps() const {
    const auto target_us = target_duration_ * kUsPerSecond;
    std::int64_t peak = 0;
    Stretch stretch;
    for (auto it = listed_.rbegin(); it != listed_.rend() && !it->segment->gap; ++it) {
        stretch.add(*it->segment);
        if (2 * stretch.duration_us > 3 * target_us) break;
        if (2 * stretch.duration_us >= target_us) peak = std::max(peak, stretch.bps());
    }
    return peak;
}

double Presentation::hold_back_seconds() const {
    const double least = 3.0 * target_duration_;
    if (config_.latency_seconds <= 0) return least;
    return std::max<double>(config_.latency_seconds, least) + target_duration_;
}

std::optional<std::int64_t> Presentation::first_msn() const {
    if (listed_.empty()) return std::nullopt;
    return listed_.front().segment->msn;
}

void Presentation::answer(const http::Request& request, std::string_view path, const Delivery& delivery,
                          SteadyTime now, http::Reply reply) {
    if (path == "live.m3u8") return answer_live(request, delivery, now, std::move(reply));
    if (path == "index.m3u8")
        return reply(empty() || offline_since_ ? no_playlist_yet()
                                               : playlist(index_, index_bytes_, delivery));
    reply(media(path, delivery));
}

void Presentation::answer_live(const http::Request& request, const Delivery& delivery, SteadyTime now,
                               http::Reply reply) {
    const auto msn_text = request.query_value("_HLS_msn");
    if (!msn_text && request.query_value("_HLS_part"))
        return reply(bad_reload("请求里有 _HLS_part，却没有 _HLS_msn。"));
    std::optional<std::int64_t> msn;
    if (msn_text) {
        msn = parse_count(*msn_text);
        if (!msn) return reply(bad_reload("_HLS_msn 必须是不小于 0 的整数。"));
    }
    if (empty() || (offline_since_ && now - *offline_since_ >= kKeptForPlayers))
        return reply(no_playlist_yet());
    if (!msn || *msn <= *last_msn_) return reply(playlist(live_, live_bytes_, delivery));
    if (*msn > *last_msn_ + 2) return reply(bad_reload("_HLS_msn 超出了最新分片太多。"));
    wait_for(*msn, delivery, now, std::move(reply));
}

void Presentation::wait_for(std::int64_t msn, const Delivery& delivery, SteadyTime now, http::Reply reply) {
    if (waiting_.size() >= config_.max_waiting) return reply(refuse(503, "busy", "服务器正忙，请稍候再试。"));
    const Milliseconds patience{3'000 * target_duration_};
    waiting_.push_back(Waiting{msn, now + std::min(patience, kLongestWait), patience <= kLongestWait,
                               delivery, std::move(reply)});
}

void Presentation::wake_waiting() {
    // Replies may call back into this object, so they are answered from a list of their own.
    std::vector<Waiting> ready;
    const auto later = std::partition(waiting_.begin(), waiting_.end(),
                                      [this](const Waiting& w) { return w.msn > *last_msn_; });
    std::move(later, waiting_.end(), std::back_inserter(ready));
    waiting_.erase(later, waiting_.end());
    for (auto& waiting : ready) waiting.reply(playlist(live_, live_bytes_, waiting.delivery));
}

void Presentation::expire(SteadyTime now) {
    while (!removed_.empty() && removed_.front().until <= now) {
        const auto segment = std::move(removed_.front().segment);
        removed_.pop_front();
        by_name_.erase(segment->name);
        if (!segment->init || !segment->init->data) continue;
        const auto init = inits_.find(segment->init->name);
        if (init != inits_.end() && --init->second.second == 0) inits_.erase(init);
    }
    std::vector<Waiting> late;
    const auto first_late = std::partition(waiting_.begin(), waiting_.end(),
                                           [now](const Waiting& w) { return w.deadline > now; });
    std::move(first_late, waiting_.end(), std::back_inserter(late));
    waiting_.erase(first_late, waiting_.end());
    for (auto& waiting : late) {
        if (waiting.busy_at_deadline)
            waiting.reply(refuse(503, "no_new_segment", "主课堂暂时没有新的画面，请稍候。"));
        else
            waiting.reply(playlist(live_, live_bytes_, waiting.delivery));
    }
}

std::optional<SteadyTime> Presentation::next_deadline() const {
    std::optional<SteadyTime> next;
    if (!removed_.empty()) next = removed_.front().until;
    for (const auto& waiting : waiting_)
        if (!next || waiting.deadline < *next) next = waiting.deadline;
    return next;
}

void Presentation::go_offline(SteadyTime now) {
    if (!offline_since_) offline_since_ = now;
}

void Presentation::release_waiting() {
    for (auto& waiting : std::exchange(waiting_, {})) waiting.reply(no_playlist_yet());
}

http::Response Presentation::playlist(const PlaylistText& text, const SharedBlob& bare,
                                      const Delivery& delivery) const {
    http::Response response;
    response.with("Content-Type", "application/vnd.apple.mpegurl");
    switch (delivery.caching) {
        case Caching::shared:
            // At most half a target duration (TRAPS.md §3).
            response.with("Cache-Control", target_duration_ >= 2 ? "max-age=1" : "no-cache");
            break;
        case Caching::personal: response.with("Cache-Control", "private, no-store"); break;
        case Caching::none: response.with("Cache-Control", "no-store"); break;
    }
    if (delivery.uri_suffix.empty())
        response.shared = bare;
    else
        response.text = text.with_suffix(delivery.uri_suffix);
    return response;
}

http::Response Presentation::media(std::string_view path, const Delivery& delivery) const {
    http::Response response;
    if (const auto segment = by_name_.find(path); segment != by_name_.end()) {
        if (segment->second->gap) return not_found();
        response.shared = segment->second->data;
        response.with("Content-Type",
                      segment->second->container == Container::ts ? "video/mp2t" : "video/mp4");
    } else if (const auto init = inits_.find(path); init != inits_.end()) {
        response.shared = init->second.first->data;
        response.with("Content-Type", "video/mp4");
    } else {
        return not_found();
    }
    switch (delivery.caching) {
        case Caching::shared: response.with("Cache-Control", "max-age=31536000, immutable"); break;
        case Caching::personal: response.with("Cache-Control", "private, max-age=31536000, immutable"); break;
        case Caching::none: response.with("Cache-Control", "no-store"); break;
    }
    return response;
}

}  // namespace tongke::hls
