// A relay behind a line that can be cut, on virtual time, for HlsPull: a new
// segment every two seconds, reloads that block, transfers in pieces, and TCP as
// it behaves when packets vanish (SYN again after 1, 3, 7 s; data after 0.2, 0.6,
// 1.4, 3.0 … s). Records what the pull delivers and when.
#pragma once
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>

#include "common/pull/hls_pull.hpp"
#include "tests/support/catch.hpp"

namespace tongke::pull::test {

using namespace std::chrono_literals;

struct Cut {
    Milliseconds begin{}, end{};
};

class LineModel final : public PullSink {
  public:
    struct Delivered {
        hls::SharedSegment segment;
        Milliseconds at{};
    };

    explicit LineModel(HlsPullConfig config = make_config()) : pull_(std::move(config), *this) {}

    static HlsPullConfig make_config() {
        HlsPullConfig config;
        config.bases = {"http://relay"};
        config.stream = "main";
        config.start_back_seconds = 8;
        return config;
    }

    // What the relay does; changed by tests before or while it runs.
    std::vector<Cut> cuts;
    std::set<std::int64_t> absent;  // listed, but 404
    Cut encoder_away{-2ms, -1ms};   // no segments are made
    Cut relay_down{-2ms, -1ms};     // connections are refused
    std::function<int(const std::string& path)> status = [](const std::string&) { return 200; };
    std::string html;  // answered instead of everything, when set
    bool blocks = true;
    std::string run = "1a";
    std::int64_t first_msn = 100;
    std::size_t segment_bytes = 600'000;
    std::set<std::string> dead_hosts;
    std::function<bool(const std::string& host, const std::string& path)> drips =
        [](const auto&, const auto&) { return false; };  // a byte each half second, for a quarter of a minute
    std::set<std::int64_t> init_changes;                 // before each of these segments
    Milliseconds index_takes{0};                         // until the multivariant playlist is answered
    int target_duration = 2;                             // that the playlist tells; segments are 2 s

    std::vector<Delivered> delivered;
    std::vector<std::pair<Milliseconds, LostReason>> lost;
    std::vector<Milliseconds> since, back;
    int races = 0;
    int waits = 0;
    std::map<std::string, int> asked;  // by path
    std::vector<std::pair<Milliseconds, std::string>> requests;
    std::size_t sent = 0;

    void run_until(Milliseconds end) {
        if (!started_) {
            started_ = true;
            pull_.start(time());
            carry_out();
        }
        while (true) {
            const auto next = events_.empty() ? Milliseconds::max() : events_.top().at;
            auto wake = std::chrono::ceil<Milliseconds>(pull_.wake() - kEpoch);
            if (pull_.wake() == SteadyTime::max()) wake = Milliseconds::max();
            const auto at = std::max(now_, std::min(next, wake));
            if (at > end) break;
            now_ = at;
            if (next <= wake) {
                auto event = events_.top();
                events_.pop();
                event.run();
            } else {
                pull_.on_tick(time());
            }
            carry_out();
        }
        now_ = end;
    }

    Milliseconds now() const { return now_; }
    HlsPull& pull() { return pull_; }

    std::ptrdiff_t requests_between(Milliseconds begin, Milliseconds end) const {
        return std::count_if(requests.begin(), requests.end(), [&](const auto& request) {
            return request.first >= begin && request.first < end;
        });
    }

    /// Segments in order, none missing, none twice, from the first delivered on.
    void check_contiguous() const {
        for (std::size_t i = 1; i < delivered.size(); ++i) {
            REQUIRE(delivered[i].segment->msn == delivered[i - 1].segment->msn + 1);
        }
    }

    // PullSink
    void pulled(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        CHECK(arrival.last_byte >= arrival.first_byte);
        delivered.push_back({std::move(segment), now_});
    }
    void relay_answered(SteadyTime, std::int64_t) override {}
    void line_lost(SteadyTime when, LostReason reason, const std::string&) override {
        lost.emplace_back(now_, reason);
        since.push_back(std::chrono::floor<Milliseconds>(when - kEpoch));
    }
    void line_back(SteadyTime) override { back.push_back(now_); }
    void no_stream_yet() override { ++waits; }
    void raced() override { ++races; }

  private:
    inline static const SteadyTime kEpoch{std::chrono::hours{1}};
    static constexpr Milliseconds kHalfTrip{10};
    static constexpr Milliseconds kSegment{2000};
    static constexpr Milliseconds kBefore{60'000};  // the stream is older than the test
    static constexpr int kWindow = 30;

    struct Event {
        Milliseconds at;
        std::uint64_t order;
        std::function<void()> run;
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };

    SteadyTime time() const { return kEpoch + now_; }

    void at(Milliseconds when, std::function<void()> work) {
        events_.push({when, order_++, std::move(work)});
    }

    bool is_cut(Milliseconds when) const {
        for (const auto& cut : cuts) {
            if (when >= cut.begin && when < cut.end) return true;
        }
        return false;
    }

    /// When a packet first sent at `when` gets through, with retransmissions after `first`, doubled each
    /// time.
    Milliseconds through(Milliseconds when, Milliseconds first) const {
        auto wait = first;
        while (is_cut(when)) {
            when += wait;
            wait *= 2;
        }
        return when + kHalfTrip;
    }

    void carry_out() {
        for (auto& action : pull_.take_actions()) {
            if (const auto* start = std::get_if<StartFetch>(&action)) {
                open(*start);
            } else {
                cancelled_.insert(std::get<CancelFetch>(action).id);
            }
        }
    }

    void open(const StartFetch& start) {
        const auto host = start.url.substr(0, start.url.find("/hls/"));
        const auto path = start.url.substr(start.url.find("/hls/main/") + 10);
        ++asked[path];
        requests.emplace_back(now_, start.url);
        if (in(relay_down, now_) || dead_hosts.count(host)) {
            const auto id = start.id;
            return at(now_ + kHalfTrip, [this, id] { end(id, 0, {}); });
        }
        auto when = start.fresh ? through(through(now_, 1000ms), 200ms) : now_;
        when = through(when, 200ms);
        if (drips(host, path)) return drip(start.id, when, 30);
        at(when, [this, id = start.id, path] { serve(id, path); });
    }

    void drip(FetchId id, Milliseconds when, int left) {
        at(when, [this, id, left] {
            if (cancelled_.count(id)) return;
            if (left == 0) return end(id, 0, {});
            pull_.on_bytes(id, 1, time());
            drip(id, now_ + 500ms, left - 1);
        });
    }

    static bool in(const Cut& cut, Milliseconds when) { return when >= cut.begin && when < cut.end; }

    /// Segments whole at the relay by `when`.
    std::int64_t newest(Milliseconds when) const {
        auto until = when;
        if (when >= encoder_away.begin) until -= std::min(when, encoder_away.end) - encoder_away.begin;
        return first_msn + (until + kBefore) / kSegment - 1;
    }

    void serve(FetchId id, const std::string& path) {
        if (cancelled_.count(id)) return;
        if (in(relay_down, now_)) return end(id, 0, {});
        if (!html.empty()) return answer(id, 200, html);
        if (const auto code = status(path); code != 200) return answer(id, code, "");
        if (path == "index.m3u8") {
            return at(now_ + index_takes, [this, id] {
                answer(id, 200,
                       "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS=\"avc1.64001f,mp4a.40.2\","
                       "RESOLUTION=1280x720\nlive.m3u8\n");
            });
        }
        if (path.starts_with("live.m3u8")) return reload(id, path);
        if (path.find("/init-") != path.npos)
            return answer(id, 200,
                          std::string("\0\0\0\x10"
                                      "ftypiso5",
                                      12));
        const auto msn = std::stoll(path.substr(path.find('/') + 1));
        if (absent.count(msn) || path.substr(0, path.find('/')) != run) return answer(id, 404, "");
        std::string body(segment_bytes, 'x');
        body.replace(0, 8, std::string("\0\0\0\x08styp", 8));
        answer(id, 200, body);
    }

    void reload(FetchId id, const std::string& path) {
        const auto query = path.find("_HLS_msn=");
        if (query != path.npos && blocks) {
            const auto wanted = std::stoll(path.substr(query + 9));
            if (newest(now_) < wanted) return at(now_ + 20ms, [this, id, path] { serve_waiting(id, path); });
        }
        auto text = fmt::format("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n", target_duration);
        const auto last = newest(now_);
        const auto from = std::max(first_msn, last - kWindow + 1);
        text += fmt::format("#EXT-X-MEDIA-SEQUENCE:{}\n", from);
        if (blocks) text += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6\n";
        const auto map_of = [this](std::int64_t msn) {
            const auto changes = std::distance(init_changes.begin(), init_changes.upper_bound(msn));
            return fmt::format("#EXT-X-MAP:URI=\"{}/init-{}.mp4\"\n", run, changes);
        };
        text += map_of(from) + "#EXT-X-PROGRAM-DATE-TIME:2025-04-16T02:00:00.000Z\n";
        for (auto msn = from; msn <= last; ++msn) {
            if (msn > from && init_changes.contains(msn)) text += "#EXT-X-DISCONTINUITY\n" + map_of(msn);
            text += fmt::format("#EXTINF:2.000000,\n{}/{}.m4s\n", run, msn);
        }
        answer(id, 200, text);
    }

    void serve_waiting(FetchId id, const std::string& path) {
        if (!cancelled_.count(id)) serve(id, path);
    }

    void answer(FetchId id, int code, const std::string& body) {
        constexpr std::size_t kPiece = 60'000;
        auto when = through(now_, 200ms);
        for (std::size_t done = 0; done < body.size(); done += kPiece) {
            const auto size = std::min(kPiece, body.size() - done);
            at(when, [this, id, size] {
                if (cancelled_.count(id)) return;
                sent += size;
                pull_.on_bytes(id, size, time());
            });
            when = through(when + 15ms, 200ms);
        }
        at(when, [this, id, code, body] { end(id, code, Bytes(body.begin(), body.end())); });
    }

    void end(FetchId id, int code, Bytes body) {
        if (cancelled_.count(id)) return;
        cancelled_.insert(id);
        FetchEnd end;
        end.status = code;
        end.body = std::move(body);
        end.sent = end.first_byte = end.last_byte = time();
        pull_.on_end(id, std::move(end), time());
    }

    HlsPull pull_;
    bool started_ = false;
    Milliseconds now_{0};
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    std::set<FetchId> cancelled_;
};

}  // namespace tongke::pull::test
