// What HlsPull does with answers; hls_pull.cpp has when it asks.
#include <algorithm>

#include "common/pull/hls_pull.hpp"

namespace tongke::pull {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSegmentJobs = 2;
constexpr int kRefusalsUntilGap = 3;
constexpr std::size_t kMaxWanted = 4096;
// Who asks for less begins at the live edge and builds no buffer.
constexpr double kWantsBuffer = 1;

/// A relative path of plain names, as a Tongke relay writes them.
bool plain_path(std::string_view path) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-' || c == '/';
    };
    return !path.empty() && path.size() <= 256 && path.front() != '/' && path.find("..") == path.npos &&
           std::all_of(path.begin(), path.end(), allowed);
}

/// Begins with a box of ISO/IEC 14496-12 and not, say, with the page of a captive portal.
bool is_mp4(ByteView body) {
    if (body.size() < 8) return false;
    const auto type = as_text(body.subspan(4, 4));
    return type == "ftyp" || type == "styp" || type == "moof" || type == "sidx" || type == "emsg" ||
           type == "prft";
}

std::int64_t end_pdt_ms(const hls::MediaEntry& entry) {
    return entry.pdt_ms.value_or(0) + entry.duration_us / 1000;
}

}  // namespace

std::string_view run_of(std::string_view name) {
    const auto slash = name.find('/');
    return slash == name.npos ? std::string_view{} : name.substr(0, slash);
}

void HlsPull::on_answer(Job& job, const Try& won, FetchEnd end, SteadyTime now) {
    switch (job.kind) {
        case Kind::index: return on_index(job, end, now);
        case Kind::reload: return on_reload(job, won, end, now);
        case Kind::init:
        case Kind::segment: break;
    }
    if (!is_mp4(end.body)) return on_bad_answer(job, "not an mp4 file", now);
    recover(now);
    if (job.kind == Kind::init)
        on_init(job, std::move(end));
    else
        on_segment(job, std::move(end));
    fetch_wanted(now);
}

void HlsPull::on_bad_answer(Job& job, const std::string& what, SteadyTime now) {
    ++job.failures;
    job.next_try = now + jitter_.between(1000ms, 2000ms);
    lose(now, LostReason::bad_answer, what);
}

void HlsPull::on_other_status(Job& job, const Try& won, const FetchEnd& end, SteadyTime now) {
    const auto detail = "status " + std::to_string(end.status);
    if (!job.tries.empty()) {  // one that is silent holds nobody up, and no storm of others begins beside it
        job.next_try = now + jitter_.between(1000ms, 2000ms);
        return;
    }
    if (end.status == 401 || end.status == 403) {
        job.next_try = now + jitter_.between(2000ms, 4000ms);
        return lose(now, LostReason::refused, detail);
    }
    const bool playlist = job.kind == Kind::index || job.kind == Kind::reload;
    if ((end.status == 404 || end.status == 410) && !playlist) return on_missing(job, now);
    if (end.status == 400 && won.blocking) {
        job.behind = true;
        return open_try(job, now, false);
    }
    if (playlist && (end.status == 404 || end.status == 503)) {
        sink_.no_stream_yet();
        const auto least = std::min(end.retry_after.value_or(1000ms), Milliseconds{5000});
        job.next_try = now + jitter_.between(least, 2 * least);
        return;
    }
    on_bad_answer(job, detail, now);
}

/// A segment that is listed but not there becomes a gap, as its playlist would say it (EXT-X-GAP). So does
/// each segment of an init section that is not there: a relay that died after it listed a run never answers
/// it.
void HlsPull::on_missing(Job& job, SteadyTime now) {
    job.next_try = now + jitter_.between(300ms, 600ms);
    if (++job.refusals < kRefusalsUntilGap) return;
    if (job.kind == Kind::init)
        give_up_init(job.path, now);
    else if (const auto it = wanted_.find(job.msn); it != wanted_.end())
        make_gap(it, now);
    remove_job(job);
    deliver();
    fetch_wanted(now);
}

HlsPull::Wanted::iterator HlsPull::make_gap(Wanted::iterator it, SteadyTime now) {
    Fetched gap{it->second, nullptr, {}};
    gap.entry.gap = true;
    gap.arrival.asked = gap.arrival.first_byte = gap.arrival.last_byte = now;
    fetched_.emplace(it->first, std::move(gap));
    return wanted_.erase(it);
}

void HlsPull::give_up_init(const std::string& path, SteadyTime now) {
    for (auto& [msn, fetched] : fetched_) {
        if (fetched.entry.map_uri != path) continue;
        fetched.entry.gap = true;
        fetched.data = nullptr;
    }
    for (auto it = wanted_.begin(); it != wanted_.end();) {
        if (it->second.map_uri != path) {
            ++it;
            continue;
        }
        if (auto* fetching = find_job(Kind::segment, it->second.uri)) remove_job(*fetching);
        it = make_gap(it, now);
    }
}

void HlsPull::on_index(Job& job, const FetchEnd& end, SteadyTime now) {
    const auto parsed = hls::parse_playlist(as_text(end.body));
    const auto* list = parsed ? std::get_if<hls::MultivariantPlaylist>(&*parsed) : nullptr;
    if (!list || list->variants.empty() || !plain_path(list->variants.front().uri)) {
        return on_bad_answer(job, parsed ? "no variant stream" : parsed.error().message(), now);
    }
    recover(now);
    const auto& variant = list->variants.front();
    media_path_ = variant.uri;
    codecs_ = variant.codecs;
    width_ = variant.width;
    height_ = variant.height;
    codecs_current_ = true;
    remove_job(job);
    const bool reloading =
        std::any_of(jobs_.begin(), jobs_.end(), [](const auto& j) { return j->kind == Kind::reload; });
    if (!reloading) begin_reload(now);
    fetch_wanted(now);
}

void HlsPull::begin_reload(SteadyTime now) {
    for (const auto& job : jobs_) {
        if (job->kind == Kind::reload) cancel_tries(*job);
    }
    std::erase_if(jobs_, [](const auto& job) { return job->kind == Kind::reload; });
    const auto expected = now + 1s * target_duration_;  // no segment is longer
    auto& job =
        add_job(Kind::reload, media_path_, newest_msn_.value_or(-2) + 1, newest_msn_ ? expected : now);
    if (newest_msn_ && !can_block_) {
        job.next_try = job.due = now + 500ms * target_duration_;
        return;
    }
    open_try(job, now, false);
}

void HlsPull::on_reload(Job& job, const Try& won, const FetchEnd& end, SteadyTime now) {
    const auto parsed = hls::parse_playlist(as_text(end.body));
    const auto* playlist = parsed ? std::get_if<hls::MediaPlaylist>(&*parsed) : nullptr;
    if (!playlist || playlist->entries.empty()) {
        if (!job.tries.empty()) return;
        return on_bad_answer(job, parsed ? "no segments listed" : parsed.error().message(), now);
    }
    recover(now);
    const bool has_new = take_entries(*playlist);
    sink_.relay_answered(now, end_pdt_ms(playlist->entries.back()));
    last_answer_ = now;
    if (!has_new) return on_nothing_new(job, won, now);
    begin_reload(now);
    fetch_wanted(now);
}

bool HlsPull::take_entries(const hls::MediaPlaylist& playlist) {
    const auto& newest = playlist.entries.back();
    target_duration_ = std::clamp(playlist.target_duration, 1, 60);
    can_block_ = playlist.can_block_reload;
    const bool older = newest_msn_ && newest.msn < *newest_msn_;
    if (older &&
        run_of(newest.uri) != newest_run_) {  // a relay without its state: the controller lifts its numbers
        newest_msn_.reset();
        wanted_.clear();
        fetched_.clear();
        for (const auto& job : jobs_) {
            if (job->kind == Kind::segment) cancel_tries(*job);
        }
        std::erase_if(jobs_, [](const auto& job) { return job->kind == Kind::segment; });
    }
    if (newest_msn_ && newest.msn <= *newest_msn_) return false;
    const auto after = newest_msn_ ? *newest_msn_ : choose_start(playlist) - 1;
    for (const auto& entry : playlist.entries) {
        if (entry.msn <= after || !plain_path(entry.uri) || run_of(entry.uri).empty()) continue;
        if (!plain_path(entry.map_uri) || wanted_.size() >= kMaxWanted) continue;
        wanted_.emplace(entry.msn, entry);
        if (last_answer_) not_at_relay_[entry.msn] = *last_answer_;
    }
    newest_msn_ = newest.msn;
    newest_run_ = run_of(newest.uri);
    return true;
}

std::int64_t HlsPull::choose_start(const hls::MediaPlaylist& playlist) const {
    const auto& entries = playlist.entries;
    // Players stay up to four target durations behind (hls::Presentation::hold_back_seconds).
    const auto back = config_.start_back_seconds < kWantsBuffer
                          ? config_.start_back_seconds
                          : std::max(config_.start_back_seconds, 4.0 * playlist.target_duration);
    const auto back_us = static_cast<std::int64_t>(back * 1e6);
    auto behind_live = entries.front().msn;
    std::int64_t sum = 0;
    for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
        sum += it->duration_us;
        if (sum < back_us) continue;
        behind_live = it->msn;
        break;
    }
    if (!config_.continue_after || newest_msn_) return behind_live;
    const auto next = *config_.continue_after + 1;
    if (next < entries.front().msn || next > entries.back().msn + 1) return behind_live;
    return config_.skip_backlog ? std::max(next, behind_live) : next;
}

void HlsPull::on_nothing_new(Job& job, const Try& won, SteadyTime now) {
    const auto blocking =
        std::find_if(job.tries.begin(), job.tries.end(), [](const Try& t) { return t.blocking; });
    const bool overdue = blocking != job.tries.end() && now - blocking->started > 3s * target_duration_ + 3s;
    if (overdue) cancel_tries(job);  // the relay answers within three target durations
    job.races = 0;
    job.patience = kSilence;
    ++job.quiet_polls;
    // The encoder is late, not the line: ask again each second, then less often.
    job.due = now + std::min(Milliseconds{500} * (job.quiet_polls / 2), Milliseconds{3000});
    if (!job.tries.empty() && !overdue) return;
    const bool behind = std::exchange(job.behind, false);
    const bool blocks = can_block_ && !behind && (!won.blocking || now - won.started > 500ms);
    if (blocks) return open_try(job, now, false);
    job.next_try = now + 500ms * target_duration_;
}

void HlsPull::fetch_wanted(SteadyTime now) {
    // A segment that came before its init section could be asked for waits for it here.
    for (const auto& [msn, fetched] : fetched_)
        if (!fetched.entry.gap) fetch_init(fetched.entry, now);
    std::size_t running = 0;
    for (const auto& job : jobs_) running += job->kind == Kind::segment;
    for (auto it = wanted_.begin(); it != wanted_.end();) {
        fetch_init(it->second, now);
        if (it->second.gap) {
            it = make_gap(it, now);
            continue;
        }
        if (!find_job(Kind::segment, it->second.uri)) {
            if (running >= kSegmentJobs) break;
            ++running;
            open_try(add_job(Kind::segment, it->second.uri, it->first, now), now, false);
        }
        ++it;
    }
    deliver();
}

void HlsPull::fetch_init(const hls::MediaEntry& entry, SteadyTime now) {
    if (inits_.count(entry.map_uri) || find_job(Kind::init, entry.map_uri)) return;
    // Its codecs are in the multivariant playlist, which must be read again after a change.
    if (codecs_current_) {
        codecs_current_ = false;
        open_try(add_job(Kind::init, entry.map_uri, -1, now), now, false);
    } else if (!find_job(Kind::index, "index.m3u8") &&
               std::none_of(jobs_.begin(), jobs_.end(),
                            [](const auto& job) { return job->kind == Kind::init; })) {
        open_try(add_job(Kind::index, "index.m3u8", -1, now), now, false);
    }
}

void HlsPull::on_init(Job& job, FetchEnd end) {
    auto init = std::make_shared<hls::InitSection>();
    init->name = job.path;
    init->data = share_blob(std::move(end.body));
    init->codecs = codecs_;
    init->width = width_;
    init->height = height_;
    inits_[job.path] = std::move(init);
    constexpr std::size_t kInitsKept = 8;
    const auto current = job.path;
    for (auto it = inits_.begin(); inits_.size() > kInitsKept && it != inits_.end();) {
        it = it->first == current ? std::next(it) : inits_.erase(it);
    }
    remove_job(job);
    deliver();
}

void HlsPull::on_segment(Job& job, FetchEnd end) {
    const auto it = wanted_.find(job.msn);
    if (it != wanted_.end()) {
        SegmentArrival arrival;
        arrival.asked = end.sent;
        arrival.first_byte = end.first_byte;
        arrival.last_byte = end.last_byte;
        arrival.bytes = static_cast<std::int64_t>(end.body.size());
        arrival.stored = true;
        if (const auto seen = not_at_relay_.find(job.msn); seen != not_at_relay_.end()) {
            arrival.not_at_relay = seen->second;
        }
        fetched_.emplace(job.msn, Fetched{it->second, share_blob(std::move(end.body)), arrival});
        wanted_.erase(it);
    }
    remove_job(job);
    deliver();
}

void HlsPull::deliver() {
    while (!fetched_.empty()) {
        const auto first = fetched_.begin();
        if (!wanted_.empty() && wanted_.begin()->first < first->first) return;
        if (!first->second.entry.gap && !inits_.count(first->second.entry.map_uri)) return;
        const auto fetched = std::move(first->second);
        not_at_relay_.erase(not_at_relay_.begin(), not_at_relay_.upper_bound(first->first));
        fetched_.erase(first);
        sink_.pulled(make_segment(fetched), fetched.arrival);
    }
}

hls::SharedSegment HlsPull::make_segment(const Fetched& fetched) const {
    const auto& entry = fetched.entry;
    auto segment = std::make_shared<hls::Segment>();
    segment->run = run_of(entry.uri);
    segment->msn = entry.msn;
    segment->duration_us = entry.duration_us;
    segment->pdt_ms = entry.pdt_ms.value_or(0);
    segment->begin_ms = segment->pdt_ms;  // the relay's own timeline does not travel in playlists
    segment->discontinuity = entry.discontinuity;
    segment->gap = entry.gap;
    segment->target_duration = target_duration_;
    segment->name = entry.uri;
    segment->data = entry.gap ? nullptr : fetched.data;
    if (const auto it = inits_.find(entry.map_uri); it != inits_.end()) segment->init = it->second;
    return segment;
}

}  // namespace tongke::pull
