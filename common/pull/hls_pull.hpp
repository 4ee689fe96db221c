// Pulling HLS as a function of (answers, now): which requests to start and to
// give up, what to deliver. It opens no socket and has no clock, so every cut of
// the line can be played through on a virtual one. The driver (hls_driver)
// carries out the actions and reports each byte.
//
// One reload of the playlist always waits at the relay (CAN-BLOCK-RELOAD); new
// segments are fetched at once, two at a time, and delivered in order. Each of
// these is a job that may have several tries: where a byte is due and none came
// for a second, another try is started on a fresh connection, and whichever
// gets a byte first goes on while the others are given up. A playlist or an init
// section that is not whole long after its first byte counts as silent.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/hls/playlist.hpp"
#include "common/hls/segment.hpp"
#include "common/pull/pull_sink.hpp"
#include "common/pull/retry.hpp"

namespace tongke::pull {

using FetchId = std::uint64_t;

struct StartFetch {
    FetchId id = 0;
    std::string url;
    bool fresh = false;  // not over a kept connection
    Milliseconds deadline{15'000};
};
struct CancelFetch {
    FetchId id = 0;
};
using FetchAction = std::variant<StartFetch, CancelFetch>;

/// The end of a fetch: status 0 when there was no answer.
struct FetchEnd {
    int status = 0;
    Bytes body;
    std::string detail;                       // why there was no answer
    std::optional<Milliseconds> retry_after;  // of a 503
    SteadyTime sent{}, first_byte{}, last_byte{};
};

struct HlsPullConfig {
    std::vector<std::string> bases;  // "http://host:port", in order of preference
    std::string stream;
    double start_back_seconds = 16;  // from 1 on at least four target durations: somebody wants a buffer
    std::optional<std::int64_t> continue_after;  // relay's msn already held
    std::uint64_t seed = 1;
    bool skip_backlog = false;  // what was missed is left out beyond start_back_seconds
};

class HlsPull {
  public:
    HlsPull(HlsPullConfig config, PullSink& sink);
    ~HlsPull();

    void start(SteadyTime now);
    void on_bytes(FetchId id, std::size_t count, SteadyTime now);
    void on_end(FetchId id, FetchEnd end, SteadyTime now);
    void on_tick(SteadyTime now);
    /// When on_tick must be called next.
    SteadyTime wake() const;
    std::vector<FetchAction> take_actions();
    bool has_actions() const { return !actions_.empty(); }

    const std::string& base() const { return config_.bases[base_]; }

  private:
    enum class Kind : std::uint8_t { index, reload, init, segment };
    struct Try {
        FetchId id = 0;
        std::size_t base = 0;
        bool blocking = false;
        SteadyTime started{};
        SteadyTime first_byte{};
        SteadyTime last_byte{};
        std::size_t bytes = 0;
    };
    struct Job {
        Kind kind = Kind::index;
        std::string path;       // below base/hls/stream/
        std::int64_t msn = -1;  // reload: asked for; segment: its own
        SteadyTime due{};       // from when on silence counts
        std::vector<Try> tries;
        int races = 0;
        int failures = 0;       // in a row, of any kind
        int refusals = 0;       // 404 of a listed segment or its init section
        int quiet_polls = 0;    // answers "nothing new" while a reload waits
        bool behind = false;    // the relay lacks what the reload asks it to wait for
        bool drips = false;     // bytes come, but no whole answer: they are no sign of life any more
        SteadyTime next_try{};  // not before this, when no try runs
        Milliseconds patience = kSilence;
    };
    using Wanted = std::map<std::int64_t, hls::MediaEntry>;
    struct Fetched {
        hls::MediaEntry entry;
        SharedBlob data;  // null: a gap
        SegmentArrival arrival;
    };

    Job& add_job(Kind kind, std::string path, std::int64_t msn, SteadyTime due);
    void remove_job(Job& job);
    Job* find_job(FetchId id);
    Job* find_job(Kind kind, std::string_view path);
    void open_try(Job& job, SteadyTime now, bool race);
    void cancel_tries(Job& job, FetchId except = 0);
    SteadyTime job_wake(const Job& job) const;
    static SteadyTime quiet_since(const Job& job);
    void run_job(Job& job, SteadyTime now);

    static void note_drip(Job& job, const Try& attempt, SteadyTime now);
    void note_life(SteadyTime now);
    void recover(SteadyTime now);
    void note_silence(const Job& job, SteadyTime now);
    void lose(SteadyTime since, LostReason reason, const std::string& detail);

    void on_failure(Job& job, const FetchEnd& end, SteadyTime now);
    void on_answer(Job& job, const Try& won, FetchEnd end, SteadyTime now);
    void on_bad_answer(Job& job, const std::string& what, SteadyTime now);
    void on_index(Job& job, const FetchEnd& end, SteadyTime now);
    void on_reload(Job& job, const Try& won, const FetchEnd& end, SteadyTime now);
    bool take_entries(const hls::MediaPlaylist& playlist);
    void on_nothing_new(Job& job, const Try& won, SteadyTime now);
    void on_init(Job& job, FetchEnd end);
    void on_segment(Job& job, FetchEnd end);
    void on_other_status(Job& job, const Try& won, const FetchEnd& end, SteadyTime now);
    void on_missing(Job& job, SteadyTime now);
    Wanted::iterator make_gap(Wanted::iterator it, SteadyTime now);
    void give_up_init(const std::string& path, SteadyTime now);

    void begin_reload(SteadyTime now);
    std::int64_t choose_start(const hls::MediaPlaylist& playlist) const;
    void fetch_wanted(SteadyTime now);
    void fetch_init(const hls::MediaEntry& entry, SteadyTime now);
    void deliver();
    hls::SharedSegment make_segment(const Fetched& fetched) const;
    std::string url_of(const Job& job, std::size_t base, bool blocking) const;

    HlsPullConfig config_;
    PullSink& sink_;
    Jitter jitter_;
    std::size_t base_ = 0;  // that answered last
    std::vector<FetchAction> actions_;
    std::vector<std::unique_ptr<Job>> jobs_;
    FetchId next_id_ = 1;

    std::string media_path_;  // of the media playlist, from the multivariant one
    std::string codecs_;
    int width_ = 0, height_ = 0;
    int target_duration_ = 2;
    bool can_block_ = false;
    bool codecs_current_ = false;  // the multivariant playlist was read since the last change of init
    Wanted wanted_;                // listed, not delivered
    std::map<std::int64_t, Fetched> fetched_;
    std::map<std::string, std::shared_ptr<const hls::InitSection>> inits_;
    std::map<std::int64_t, SteadyTime> not_at_relay_;
    std::optional<std::int64_t> newest_msn_;
    std::string newest_run_;
    std::optional<SteadyTime> last_answer_;  // of a playlist
    std::optional<SteadyTime> last_byte_;
    std::optional<SteadyTime> lost_since_;
    std::optional<LostReason> lost_reason_;
};

/// "1a2b3c" of "1a2b3c/00042.m4s"; empty when the name is not of that shape.
std::string_view run_of(std::string_view name);

}  // namespace tongke::pull
