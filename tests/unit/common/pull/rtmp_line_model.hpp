// Relays that speak RTMP and a line between, on a clock of their own: what
// RtmpPull is tested with.
#pragma once
#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "common/pull/rtmp_pull.hpp"
#include "common/pull/rtmp_segments.hpp"
#include "common/rtmp/data_message.hpp"
#include "common/rtmp/server_session.hpp"
#include "common/rtmp/wire.hpp"
#include "tests/golden/rtmp/hex.hpp"
#include "tests/support/catch.hpp"

namespace tongke::pull::test {

using namespace std::chrono_literals;

inline constexpr std::int64_t kFirstFrame = 446'655'443'322'112;
inline constexpr std::int64_t kFirstMsn = 500;
inline constexpr std::int64_t kTimeline = 0x1'FFFF'0000;  // 32 bits wrap some seconds into the test
inline constexpr int kFramesPerSegment = 50;
inline const Bytes kAvc = golden::hex(
    "17 00 000000 01 64001f ff e1 001a 6764001facd9405005bb011000000300100000030320f1831960 01 0006"
    "68ebe3cb22c0 fdf8f800");

inline std::string marker(std::int64_t number) { return fmt::format("<frame {}>", number); }

/// A relay's log of one video track and a line that loses packets between two instants.
class RtmpLine final : public PullSink {
  public:
    explicit RtmpLine(std::vector<std::string> urls = {"rtmp://relay"}, std::uint64_t seed = 1)
        : pull_({std::move(urls), "main", [](std::string_view) { return std::string("T"); }, seed}, *this,
                packaged_) {}

    Milliseconds cut_begin{-2}, cut_end{-1};
    Milliseconds encoder_away_begin{-2}, encoder_away_end{-1};
    std::size_t log_keeps = 100'000;

    std::vector<hls::SharedSegment> segments;
    std::vector<Milliseconds> times;
    std::vector<Milliseconds> lost, back;
    int races = 0;
    int waits = 0;
    int connections = 0;

    void run_until(Milliseconds end) {
        if (now_ == 0ms) {
            publish_later();
            pull_.start(time());
            carry_out();
        }
        while (true) {
            const auto next = events_.empty() ? Milliseconds::max() : events_.top().at;
            const auto wake = std::max(now_, std::chrono::ceil<Milliseconds>(pull_.wake() - kEpoch));
            if (std::min(next, wake) > end) break;
            now_ = std::min(next, wake);
            if (next <= wake) {
                auto work = events_.top().work;
                events_.pop();
                work();
            } else {
                pull_.on_tick(time());
            }
            carry_out();
        }
        now_ = end;
    }

    RtmpPull& pull() { return pull_; }

    /// To whoever plays, from now on to each that begins to.
    void tell_window(Milliseconds window) {
        window_ = window;
        for (auto& each : connections_)
            if (each->open && each->playing) {
                each->server.send_reconnect_window(window);
                send(each, each->server.take_output());
            }
    }
    /// The relay of that host asks its players to go.
    void ask_to_reconnect(const std::string& host, Milliseconds within) {
        for (auto& each : connections_)
            if (each->open && each->playing && each->host == host) {
                each->server.send_reconnect_request("stopping", within);
                send(each, each->server.take_output());
            }
    }
    /// The relay of that host is gone: what was open is closed, and nobody answers there any more.
    void stop(const std::string& host) {
        gone_.insert(host);
        for (auto& each : connections_)
            if (each->open && each->host == host) close(each);
    }
    void start(const std::string& host) { gone_.erase(host); }
    /// The relay of that host is there, and its publisher is not: who asks to play waits.
    void take_off_air(const std::string& host) { off_air_.insert(host); }
    /// It answers nobody yet; who has connected is served then, as out of a queue.
    void let_queue(const std::string& host) { queueing_.insert(host); }
    void serve_queue(const std::string& host) {
        queueing_.erase(host);
        for (auto& each : connections_)
            if (each->host == host) serve(each, std::exchange(each->queued, {}));
    }
    void put_on_air(const std::string& host) {
        off_air_.erase(host);
        for (auto& each : connections_) {
            if (!each->open || each->host != host || !each->waiting) continue;
            begin_play(each, *std::exchange(each->waiting, std::nullopt));
            send(each, each->server.take_output());
        }
    }
    /// Takes every connection and never says a word, from now on.
    void mute(const std::string& host) { mute_.insert(host); }
    /// The connections that are open to it are dead, and new ones are not.
    void kill_silently(const std::string& host) {
        for (auto& each : connections_)
            if (each->open && each->host == host) each->dead = true;
    }
    /// It answers a request to play at once: that it has no such stream, or by closing.
    std::set<std::string> refuses, closes_at_play;
    /// What it sends from now on comes a byte each 0.8 s: a frame takes most of a minute.
    void drip(const std::string& host) { dripping_.insert(host); }
    /// That host's relay knows nothing of the first's numbers: its own are so much away.
    std::map<std::string, std::int64_t> numbers_away;
    /// When each connection was opened, and to whom.
    std::vector<std::pair<Milliseconds, std::string>> opened;
    bool first_is_open() const { return connections_.front()->open; }
    std::size_t open_connections() const {
        return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                      [](const auto& each) { return each->open; }));
    }

    /// Every frame of every delivered segment is there, once and in order.
    void check_frames() const {
        REQUIRE_FALSE(segments.empty());
        for (const auto& segment : segments) {
            INFO("segment " << segment->msn);
            REQUIRE(segment->data);
            const auto data = as_text(*segment->data);
            const auto first = kFirstFrame + (segment->msn - kFirstMsn) * kFramesPerSegment;
            std::size_t at = 0;
            for (int i = 0; i < kFramesPerSegment; ++i) {
                const auto found = data.find(marker(first + i), at);
                REQUIRE(found != data.npos);
                at = found + 1;
            }
            CHECK(data.find("<frame", at) == data.npos);
        }
    }
    void check_contiguous() const {
        for (std::size_t i = 1; i < segments.size(); ++i)
            REQUIRE(segments[i]->msn == segments[i - 1]->msn + 1);
    }

    void pulled(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        CHECK(arrival.bytes > 0);
        segments.push_back(std::move(segment));
        times.push_back(now_);
    }
    void relay_answered(SteadyTime, std::int64_t) override {}
    void line_lost(SteadyTime, LostReason, const std::string&) override { lost.push_back(now_); }
    void line_back(SteadyTime) override { back.push_back(now_); }
    void no_stream_yet() override { ++waits; }
    void raced() override { ++races; }

  private:
    inline static const SteadyTime kEpoch{std::chrono::hours{1}};

    struct Event {
        Milliseconds at;
        std::uint64_t order;
        std::function<void()> work;
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Connection {
        LinkId id = 0;
        std::string host;
        rtmp::ServerSession server;
        bool open = true;
        bool playing = false;
        bool dead = false;
        Bytes queued;
        std::optional<rtmp::PlayRequested> waiting;
        Milliseconds down{0}, up{0};  // nothing overtakes what was sent before
    };
    struct Entry {
        Bytes wire;
        bool keyframe = false;
    };

    SteadyTime time() const { return kEpoch + now_; }
    void at(Milliseconds when, std::function<void()> work) {
        events_.push({when, order_++, std::move(work)});
    }

    Milliseconds through(Milliseconds when, Milliseconds wait) const {
        for (; when >= cut_begin && when < cut_end; wait *= 2) when += wait;
        return when + 10ms;
    }

    void publish_later() {
        at(now_ + 40ms, [this] {
            if (now_ < encoder_away_begin || now_ >= encoder_away_end) publish();
            publish_later();
        });
    }

    void publish() {
        const auto index = static_cast<std::int64_t>(first_held_ + log_.size());
        const auto dts = kTimeline + index * 40;
        Entry entry;
        entry.keyframe = index % kFramesPerSegment == 0;
        if (entry.keyframe) {
            const SegmentMark mark{"1a", kFirstMsn + index / kFramesPerSegment,
                                   1'744'768'800'000 + index * 40, false, 2};
            append_message(entry.wire, rtmp::media_header(rtmp::MessageType::data_amf0, dts),
                           rtmp::segment_payload(mark, dts));
        }
        auto body = golden::hex(entry.keyframe ? "17 01 000000" : "27 01 000000");
        const auto text = marker(kFirstFrame + index);
        body.insert(body.end(), {0, 0, 0, static_cast<std::uint8_t>(text.size() + 1), 0x65});
        body.insert(body.end(), text.begin(), text.end());
        append_message(entry.wire, rtmp::media_header(rtmp::MessageType::video, dts), body);
        for (auto& connection : connections_) {
            if (connection->open && connection->playing && !mute_.contains(connection->host))
                send(connection, entry.wire);
        }
        log_.push_back(std::move(entry));
        if (log_.size() > log_keeps) {
            log_.pop_front();
            ++first_held_;
        }
    }

    using Shared = std::shared_ptr<Connection>;

    void close(const Shared& connection) {
        connection->open = false;
        at(now_ + 10ms, [this, connection] { pull_.on_closed(connection->id, "refused", time()); });
    }

    void send(const Shared& connection, Bytes bytes) {
        if (bytes.empty() || connection->dead) return;
        connection->down = std::max(connection->down, through(now_, 200ms));
        if (dripping_.contains(connection->host)) return drip(connection, bytes);
        at(connection->down, [this, connection, bytes] {
            if (connection->open) pull_.on_bytes(connection->id, bytes, time());
        });
    }

    void drip(const Shared& connection, const Bytes& bytes) {
        for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 100); ++i) {
            at(connection->down, [this, connection, byte = Bytes{bytes[i]}] {
                if (connection->open) pull_.on_bytes(connection->id, byte, time());
            });
            connection->down += 800ms;
        }
    }

    void carry_out() {
        for (const auto& action : pull_.take_actions()) {
            if (const auto* open = std::get_if<OpenLink>(&action)) {
                ++connections;
                auto connection = std::make_shared<Connection>();
                connection->id = open->id;
                connection->host = open->url.host;
                opened.emplace_back(now_, open->url.host);
                connection->up = through(through(now_, 1000ms), 200ms);
                connections_.push_back(connection);
                CHECK(open->url.query == "token=T");
                if (gone_.contains(connection->host)) close(connection);
            } else {
                for (auto& connection : connections_) {
                    if (connection->id == std::get<CloseLink>(action).id) connection->open = false;
                }
            }
        }
        for (auto& connection : connections_) {
            auto bytes = pull_.take_output(connection->id);
            if (bytes.empty() || !connection->open) continue;
            connection->up = std::max(connection->up, through(now_, 200ms));
            at(connection->up, [this, connection, bytes] { serve(connection, bytes); });
        }
    }

    void serve(const Shared& connection, const Bytes& bytes) {
        if (!connection->open || connection->dead || mute_.contains(connection->host)) return;
        if (queueing_.contains(connection->host)) {
            connection->queued.insert(connection->queued.end(), bytes.begin(), bytes.end());
            return;
        }
        for (const auto& event : connection->server.feed(bytes)) {
            const auto* play = std::get_if<rtmp::PlayRequested>(&event);
            if (play && closes_at_play.contains(connection->host)) return close(connection);
            if (play && refuses.contains(connection->host))
                connection->server.refuse_play("NetStream.Play.StreamNotFound", "no such stream");
            else if (play && off_air_.contains(connection->host))
                wait_for_stream(connection, *play);
            else if (play)
                begin_play(connection, *play);
        }
        send(connection, connection->server.take_output());
    }

    /// As a relay does it: for half a minute.
    void wait_for_stream(const Shared& connection, const rtmp::PlayRequested& play) {
        connection->waiting = play;
        at(now_ + 30s, [this, connection] {
            if (!connection->open || !std::exchange(connection->waiting, std::nullopt)) return;
            connection->server.refuse_play("NetStream.Play.StreamNotFound", "nobody publishes this stream");
            send(connection, connection->server.take_output());
        });
    }

    void begin_play(const Shared& connection, const rtmp::PlayRequested& play) {
        auto from =
            play.resume ? *play.resume + 1 - kFirstFrame - static_cast<std::int64_t>(first_held_) : -1;
        const auto away = numbers_away.contains(connection->host) ? numbers_away[connection->host] : 0;
        const bool resumed = away == 0 && from >= 0 && from <= static_cast<std::int64_t>(log_.size());
        if (!resumed) {
            from = static_cast<std::int64_t>(log_.size());
            while (from > 0 && (from == static_cast<std::int64_t>(log_.size()) ||
                                !log_[static_cast<std::size_t>(from)].keyframe)) {
                --from;
            }
        }
        connection->server.accept_play(kFirstFrame + static_cast<std::int64_t>(first_held_) + from + away,
                                       resumed);
        auto& out = connection->server.output();
        append_message(out, rtmp::media_header(rtmp::MessageType::video, kTimeline), kAvc);
        for (auto i = static_cast<std::size_t>(from); i < log_.size(); ++i) {
            out.insert(out.end(), log_[i].wire.begin(), log_[i].wire.end());
        }
        connection->playing = true;
        if (window_ > 0ms) connection->server.send_reconnect_window(window_);
    }

    RtmpSegments packaged_{*this};
    RtmpPull pull_;
    Milliseconds now_{0};
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    std::vector<Shared> connections_;
    std::deque<Entry> log_;
    std::size_t first_held_ = 0;
    Milliseconds window_{0};
    std::set<std::string> gone_, mute_, dripping_, off_air_, queueing_;
};

}  // namespace tongke::pull::test
