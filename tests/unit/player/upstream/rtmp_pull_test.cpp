#include "player/upstream/rtmp_pull.hpp"

#include <fmt/core.h>

#include <queue>

#include "common/rtmp/data_message.hpp"
#include "common/rtmp/wire.hpp"
#include "player/upstream/rtmp_pull.hpp"
#include "tests/golden/rtmp/hex.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::player;
using namespace std::chrono_literals;
using golden::hex;

namespace {

constexpr std::int64_t kFirstFrame = 446'655'443'322'112;
constexpr std::int64_t kFirstMsn = 500;
constexpr std::int64_t kTimeline = 0x1'FFFF'0000;  // 32 bits wrap some seconds into the test
constexpr int kFramesPerSegment = 50;
const Bytes kAvc =
    hex("17 00 000000 01 64001f ff e1 001a 6764001facd9405005bb011000000300100000030320f1831960 01 0006"
        "68ebe3cb22c0 fdf8f800");

std::string marker(std::int64_t number) { return fmt::format("<frame {}>", number); }

/// A relay's log of one video track and a line that loses packets between two instants.
class RtmpLine final : public PullSink {
  public:
    RtmpLine() : pull_({{"rtmp://relay"}, "main", [] { return std::string("T"); }, 1}, *this) {}

    Milliseconds cut_begin{-2}, cut_end{-1};
    Milliseconds encoder_away_begin{-2}, encoder_away_end{-1};
    std::size_t log_keeps = 100'000;

    std::vector<hls::SharedSegment> segments;
    std::vector<Milliseconds> times;
    std::vector<Milliseconds> lost, back;
    int races = 0;
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
    void no_stream_yet() override {}
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
        rtmp::ServerSession server;
        bool open = true;
        bool playing = false;
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
        auto body = hex(entry.keyframe ? "17 01 000000" : "27 01 000000");
        const auto text = marker(kFirstFrame + index);
        body.insert(body.end(), {0, 0, 0, static_cast<std::uint8_t>(text.size() + 1), 0x65});
        body.insert(body.end(), text.begin(), text.end());
        append_message(entry.wire, rtmp::media_header(rtmp::MessageType::video, dts), body);
        for (auto& connection : connections_) {
            if (connection->open && connection->playing) send(connection, entry.wire);
        }
        log_.push_back(std::move(entry));
        if (log_.size() > log_keeps) {
            log_.pop_front();
            ++first_held_;
        }
    }

    using Shared = std::shared_ptr<Connection>;

    void send(const Shared& connection, Bytes bytes) {
        if (bytes.empty()) return;
        connection->down = std::max(connection->down, through(now_, 200ms));
        at(connection->down, [this, connection, bytes] {
            if (connection->open) pull_.on_bytes(connection->id, bytes, time());
        });
    }

    void carry_out() {
        for (const auto& action : pull_.take_actions()) {
            if (const auto* open = std::get_if<OpenLink>(&action)) {
                ++connections;
                auto connection = std::make_shared<Connection>();
                connection->id = open->id;
                connection->up = through(through(now_, 1000ms), 200ms);
                connections_.push_back(connection);
                CHECK(open->url.query == "token=T");
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
        if (!connection->open) return;
        for (const auto& event : connection->server.feed(bytes)) {
            if (const auto* play = std::get_if<rtmp::PlayRequested>(&event)) begin_play(connection, *play);
        }
        send(connection, connection->server.take_output());
    }

    void begin_play(const Shared& connection, const rtmp::PlayRequested& play) {
        auto from =
            play.resume ? *play.resume + 1 - kFirstFrame - static_cast<std::int64_t>(first_held_) : -1;
        const bool resumed = from >= 0 && from <= static_cast<std::int64_t>(log_.size());
        if (!resumed) {
            from = static_cast<std::int64_t>(log_.size());
            while (from > 0 && (from == static_cast<std::int64_t>(log_.size()) ||
                                !log_[static_cast<std::size_t>(from)].keyframe)) {
                --from;
            }
        }
        connection->server.accept_play(kFirstFrame + static_cast<std::int64_t>(first_held_) + from, resumed);
        auto& out = connection->server.output();
        append_message(out, rtmp::media_header(rtmp::MessageType::video, kTimeline), kAvc);
        for (auto i = static_cast<std::size_t>(from); i < log_.size(); ++i) {
            out.insert(out.end(), log_[i].wire.begin(), log_[i].wire.end());
        }
        connection->playing = true;
    }

    RtmpPull pull_;
    Milliseconds now_{0};
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    std::vector<Shared> connections_;
    std::deque<Entry> log_;
    std::size_t first_held_ = 0;
};

}  // namespace

TEST_CASE("frames become the relay's own segments") {
    RtmpLine line;
    line.run_until(21s);
    line.check_contiguous();
    line.check_frames();
    CHECK(line.segments.back()->msn == kFirstMsn + 9);
    const auto& segment = *line.segments.back();
    CHECK(segment.name == fmt::format("1a/{}.m4s", kFirstMsn + 9));
    CHECK(segment.duration_us == 2'000'000);
    CHECK(segment.begin_ms == kTimeline + 9 * 2000);
    CHECK(segment.target_duration == 2);
    CHECK(segment.init->codecs == "avc1.64001f");
    CHECK(line.connections == 1);
    CHECK(line.lost.empty());
}

TEST_CASE("a line cut for 5 s at any phase costs no frame and gives none twice") {
    for (auto phase = 0ms; phase < 2000ms; phase += 130ms) {
        INFO("cut " << phase.count() << " ms into a segment");
        RtmpLine line;
        line.cut_begin = 10s + phase;
        line.cut_end = 15s + phase;
        line.run_until(31s);
        line.check_contiguous();
        line.check_frames();
        CHECK(line.segments.back()->msn == kFirstMsn + 14);
        CHECK(line.lost.size() == 1);
        REQUIRE(line.back.size() == 1);
        CHECK(line.back[0] - line.cut_end < 1500ms);
        CHECK(line.races > 0);
    }
}

TEST_CASE("an outage longer than the relay's log goes on at a keyframe, with whole segments only") {
    RtmpLine line;
    line.log_keeps = 250;
    line.cut_begin = 10s + 300ms;
    line.cut_end = 40s + 300ms;
    line.run_until(61s);
    line.check_frames();
    CHECK(line.segments.back()->msn == kFirstMsn + 29);
}

TEST_CASE("an encoder that is away is no lost line: pings are answered") {
    RtmpLine line;
    line.encoder_away_begin = 10s;
    line.encoder_away_end = 30s;
    line.run_until(41s);
    CHECK(line.lost.empty());
    CHECK(line.connections == 1);
    line.check_frames();
}
