#include "common/pull/hls_pull.hpp"
#include <algorithm>
#include <utility>

namespace tongke::pull {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxTries = 4;
constexpr SteadyTime kNever = SteadyTime::max();
// A playlist or an init section, a few kilobytes, is whole by then, also on a line that segments share.
constexpr auto kSmallTakes = 5s;

}  // namespace

HlsPull::HlsPull(HlsPullConfig config, PullSink& sink)
    : config_(std::move(config)), sink_(sink), jitter_(config_.seed), newest_msn_(std::nullopt) {}

HlsPull::~HlsPull() = default;

void HlsPull::start(SteadyTime now) {
    add_job(Kind::index, "index.m3u8", -1, now);
    on_tick(now);
}

std::vector<FetchAction> HlsPull::take_actions() { return std::exchange(actions_, {}); }

HlsPull::Job& HlsPull::add_job(Kind kind, std::string path, std::int64_t msn, SteadyTime due) {
    auto job = std::make_unique<Job>();
    job->kind = kind;
    job->path = std::move(path);
    job->msn = msn;
    job->due = due;
    jobs_.push_back(std::move(job));
    return *jobs_.back();
}

void HlsPull::remove_job(Job& job) {
    cancel_tries(job);
    std::erase_if(jobs_, [&](const auto& held) { return held.get() == &job; });
}

HlsPull::Job* HlsPull::find_job(FetchId id) {
    for (const auto& job : jobs_) {
        for (const auto& attempt : job->tries) {
            if (attempt.id == id) return job.get();
        }
    }
    return nullptr;
}

HlsPull::Job* HlsPull::find_job(Kind kind, std::string_view path) {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(),
                                 [&](const auto& job) { return job->kind == kind && job->path == path; });
    return it == jobs_.end() ? nullptr : it->get();
}

std::string HlsPull::url_of(const Job& job, std::size_t base, bool blocking) const {
    auto url = config_.bases[base] + "/hls/" + config_.stream + "/" + job.path;
    if (blocking) url += "?_HLS_msn=" + std::to_string(job.msn);
    return url;
}

void HlsPull::open_try(Job& job, SteadyTime now, bool race) {
    if (job.tries.size() >= kMaxTries) {
        // The oldest without a byte may stand in the relay's queue, where every new one stands behind it.
        const auto from = job.tries.begin() + (job.tries.front().bytes == 0 ? 1 : 0);
        const auto victim = std::min_element(from, job.tries.end(),
                                             [](const Try& a, const Try& b) { return a.bytes < b.bytes; });
        actions_.push_back(CancelFetch{victim->id});
        job.tries.erase(victim);
    }
    // Other addresses get their turn while this one is silent.
    const auto turn = static_cast<std::size_t>(std::max(job.races, job.failures));
    Try attempt;
    attempt.id = next_id_++;
    attempt.base = (base_ + turn) % config_.bases.size();
    // Beside a reload that waits, the first question may go over a kept connection.
    const bool aside =
        job.kind == Kind::reload && job.races == 1 && !job.tries.empty() && job.tries.front().blocking;
    attempt.blocking = job.kind == Kind::reload && !race && !job.behind && can_block_ && job.msn >= 0;
    attempt.started = attempt.last_byte = now;
    Milliseconds deadline{25'000};  // behind every county of the land in a relay's TLS queue
    if (attempt.blocking) deadline = 3000ms * target_duration_ + 10s;
    if (job.kind == Kind::segment) deadline = 60s;
    actions_.push_back(StartFetch{attempt.id, url_of(job, attempt.base, attempt.blocking),
                                  (race && !aside) || lost_since_, deadline});
    job.tries.push_back(attempt);
}

void HlsPull::cancel_tries(Job& job, FetchId except) {
    for (const auto& attempt : job.tries) {
        if (attempt.id != except) actions_.push_back(CancelFetch{attempt.id});
    }
    std::erase_if(job.tries, [&](const Try& attempt) { return attempt.id != except; });
}

SteadyTime HlsPull::quiet_since(const Job& job) {
    auto since = job.due;
    for (const auto& attempt : job.tries) since = std::max({since, attempt.started, attempt.last_byte});
    return since;
}

SteadyTime HlsPull::job_wake(const Job& job) const {
    if (job.tries.empty()) return job.next_try;
    return std::max(quiet_since(job) + job.patience, job.next_try);
}

SteadyTime HlsPull::wake() const {
    auto first = kNever;
    for (const auto& job : jobs_) first = std::min(first, job_wake(*job));
    return first;
}

void HlsPull::on_tick(SteadyTime now) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) run_job(*jobs_[i], now);
}

void HlsPull::run_job(Job& job, SteadyTime now) {
    if (now < job_wake(job)) return;
    if (job.tries.empty()) return open_try(job, now, false);
    note_silence(job, now);
    ++job.races;
    job.patience = race_interval(job.races, jitter_);
    sink_.raced();
    open_try(job, now, true);
}

void HlsPull::note_silence(const Job& job, SteadyTime now) {
    // A waiting reload may wait: only when the question beside it is silent too is the line dead.
    if (job.kind == Kind::reload && job.races == 0 && job.tries.front().blocking) return;
    if (last_byte_ && now - *last_byte_ < kSilence) return;
    auto since = now;
    for (const auto& attempt : job.tries) since = std::min(since, std::max(job.due, attempt.started));
    lose(last_byte_ ? std::max(since, *last_byte_) : since, LostReason::silent, "no byte came for a second");
}

void HlsPull::lose(SteadyTime since, LostReason reason, const std::string& detail) {
    if (lost_since_) return;
    lost_since_ = since;
    lost_reason_ = reason;
    sink_.line_lost(since, reason, detail);
}

void HlsPull::note_life(SteadyTime now) {
    last_byte_ = now;
    // Bytes alone do not heal a line on which wrong answers come.
    if (lost_reason_ != LostReason::refused && lost_reason_ != LostReason::bad_answer) recover(now);
}

void HlsPull::recover(SteadyTime now) {
    if (!lost_since_) return;
    lost_reason_.reset();
    lost_since_.reset();
    sink_.line_back(now);
    // The line is alive: what else hangs on dead connections need not wait for its turn.
    for (const auto& job : jobs_) {
        job->races = 0;
        job->next_try = now;
        if (now - quiet_since(*job) >= 0ms && now - job->due >= 0ms) job->patience = 0ms;
    }
}

void HlsPull::note_drip(Job& job, const Try& attempt, SteadyTime now) {
    job.drips = job.drips || (job.kind != Kind::segment && now - attempt.first_byte > kSmallTakes);
}

void HlsPull::on_bytes(FetchId id, std::size_t count, SteadyTime now) {
    auto* job = find_job(id);
    if (!job) return;
    auto& attempt =
        *std::find_if(job->tries.begin(), job->tries.end(), [&](const Try& t) { return t.id == id; });
    if (std::exchange(attempt.bytes, attempt.bytes + count) == 0) attempt.first_byte = now;
    note_drip(*job, attempt, now);
    if (job->drips) return;
    note_life(now);
    attempt.last_byte = now;
    base_ = attempt.base;
    job->races = job->failures = 0;
    job->patience = kSilence;
    // The question beside a waiting reload decides only by what it says (on_reload).
    if (job->kind != Kind::reload) cancel_tries(*job, id);
}

void HlsPull::on_end(FetchId id, FetchEnd end, SteadyTime now) {
    auto* job = find_job(id);
    if (!job) return;
    const auto it =
        std::find_if(job->tries.begin(), job->tries.end(), [&](const Try& t) { return t.id == id; });
    const auto won = *it;
    job->tries.erase(it);
    if (end.status == 0) return on_failure(*job, end, now);
    note_life(now);
    base_ = won.base;
    job->failures = 0;
    job->drips = false;
    job->patience = kSilence;
    if (end.status == 200) return on_answer(*job, won, std::move(end), now);
    on_other_status(*job, won, end, now);
}

void HlsPull::on_failure(Job& job, const FetchEnd& end, SteadyTime now) {
    ++job.failures;
    job.next_try = now + failure_delay(job.failures, jitter_);
    if (!job.tries.empty()) return;
    const bool answered_lately = last_byte_ && now - *last_byte_ < kSilence;
    if (job.failures >= 2 && !answered_lately) {
        lose(last_byte_.value_or(now), last_byte_ ? LostReason::closed : LostReason::connect_failed,
             end.detail);
    }
    run_job(job, now);
}

}  // namespace tongke::pull
