// One rendition of one stream as HLS serves it: a window of shared segments, the
// playlist text made once per change, reloads that wait for a segment, and
// segments that left the playlist but may still be fetched (RFC 8216bis §6.2).
// Used by each worker of the relay and by the node; the answers are plain
// http::Response values. Single-threaded: every call on the owner's executor.
// Guarantees: MEDIA-SEQUENCE never falls; a segment is fetchable before a
// playlist names it and for as long afterwards as §6.2.2 asks.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/hls/playlist_writer.hpp"
#include "common/hls/segment.hpp"
#include "common/http/message.hpp"
#include "common/time/clock.hpp"

namespace tongke::hls {

/// How the discontinuities of a window are numbered. Kept on disk, so that a restart goes on with the numbers
/// (RFC 8216 §6.2.2: EXT-X-DISCONTINUITY-SEQUENCE never falls).
struct Discontinuities {
    std::int64_t sequence = 0;     // of the first listed segment
    std::vector<std::int64_t> at;  // the listed segments before which there is one, by msn
};

struct PresentationConfig {
    double window_seconds = 60;
    /// HOLD-BACK in seconds beyond one target duration (a node: latency_seconds);
    /// never written below three target durations.
    double latency_seconds = 0;
    /// Of an earlier life of this presentation, to be continued; without it the numbers begin at 0, or above
    /// anything an earlier run can have reached.
    std::optional<Discontinuities> earlier;
    std::size_t max_waiting = 20'000;  // blocked reloads
};

enum class Caching {
    shared,    // the token is in a header: playlists live a second, segments for ever
    personal,  // the token is in the URL
    none,      // no cache may keep anything (a classroom's copy)
};

struct Delivery {
    std::string uri_suffix;  // put after every URI, e.g. "?token=…"
    Caching caching = Caching::shared;
};

enum class AddResult { added, refused_lower_msn, refused_incomplete };

class Presentation {
  public:
    explicit Presentation(PresentationConfig config = {});
    ~Presentation();
    Presentation(const Presentation&) = delete;
    Presentation& operator=(const Presentation&) = delete;

    AddResult add(SharedSegment segment, SteadyTime now);

    /// `path` below the presentation: index.m3u8, live.m3u8, RUN/init-HASH.mp4, RUN/MSN.m4s or .ts.
    /// A blocked reload (`_HLS_msn`) is answered by a later add() or expire().
    void answer(const http::Request& request, std::string_view path, const Delivery& delivery, SteadyTime now,
                http::Reply reply);

    /// Answers reloads that waited too long, forgets segments nobody may ask for
    /// any more. Call about once a second, or at next_deadline().
    void expire(SteadyTime now);
    std::optional<SteadyTime> next_deadline() const;
    /// Answers every blocked reload with 503; the presentation may go on.
    void release_waiting();
    /// The source is gone for good or for long: the multivariant playlist is 503 until the next segment is
    /// added, so that nobody joins what is no longer live. Who is there keeps its media playlist for five
    /// minutes, and goes on by itself when the source is back.
    void go_offline(SteadyTime now);

    bool empty() const { return listed_.empty(); }
    std::optional<std::int64_t> first_msn() const;
    std::optional<std::int64_t> last_msn() const { return last_msn_; }
    /// To be kept on disk with each segment; nothing known: empty.
    std::optional<Discontinuities> discontinuities() const;
    int target_duration() const { return target_duration_; }  // 0 while empty
    double hold_back_seconds() const;
    const std::deque<ListedSegment>& listed() const { return listed_; }
    std::size_t waiting() const { return waiting_.size(); }
    std::size_t kept_segments() const { return by_name_.size(); }  // listed and still fetchable
    std::uint64_t refused_segments() const { return refused_segments_; }

  private:
    struct Kept {
        SharedSegment segment;
        SteadyTime until{};
    };
    struct Waiting {
        std::int64_t msn = 0;
        SteadyTime deadline{};
        bool busy_at_deadline = false;  // three target durations: 503; else what there is
        Delivery delivery;
        http::Reply reply;
    };

    void answer_live(const http::Request& request, const Delivery& delivery, SteadyTime now,
                     http::Reply reply);
    void wait_for(std::int64_t msn, const Delivery& delivery, SteadyTime now, http::Reply reply);
    http::Response playlist(const PlaylistText& text, const SharedBlob& bare, const Delivery& delivery) const;
    http::Response media(std::string_view path, const Delivery& delivery) const;
    std::int64_t first_sequence(const Segment& first) const;
    void restart_window(SteadyTime now);
    void slide_window(SteadyTime now);
    void drop_front(SteadyTime now);
    void render();
    std::int64_t newest_peak_bps() const;
    void wake_waiting();

    PresentationConfig config_;
    std::deque<ListedSegment> listed_;
    std::int64_t listed_us_ = 0;
    std::deque<Kept> removed_;
    std::map<std::string, SharedSegment, std::less<>> by_name_;
    std::map<std::string, std::pair<std::shared_ptr<const InitSection>, int>, std::less<>>
        inits_;  // with users
    std::optional<std::int64_t> last_msn_;
    std::int64_t discontinuity_sequence_ = 0;
    int target_duration_ = 0;
    std::optional<SteadyTime> offline_since_;
    std::int64_t longest_listed_us_ = 0;  // longest playlist so far
    std::int64_t peak_bps_ = 0;
    PlaylistText live_, index_;
    SharedBlob live_bytes_, index_bytes_;
    std::vector<Waiting> waiting_;
    std::uint64_t refused_segments_ = 0;
};

}  // namespace tongke::hls
