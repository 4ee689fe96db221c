#include "relay/stream/stream_view.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "tests/unit/relay/stream/log_fixture.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

struct Reader final : LogReader {
    void on_flush(net::SendBurst&) override {
        ++flushes;
        if (leave_from) leave_from->detach(*this);
    }
    void on_stream_ended() override { ++ends; }
    int flushes = 0;
    int ends = 0;
    StreamView* leave_from = nullptr;
};

/// A view whose posted work waits in `queue`.
struct Stage {
    explicit Stage(Milliseconds merge = 0ms, net::SendBurst::Way way = net::SendBurst::Way::send)
        : burst(way),
          view(
              "main", 0, {}, [this](auto work) { queue.push_back(std::move(work)); }, burst),
          batch(merge) {}
    void add(TrackKind kind, bool keyframe = false) {
        auto frame = std::make_shared<Frame>();
        frame->kind = kind;
        frame->keyframe = keyframe;
        frame->number = number++;
        frame->dts_ms = unix_ms(clock.wall());
        frame->payload = share(kind == TrackKind::video ? test::video_tag(keyframe, 1) : test::audio_tag(1));
        const auto written = writer.append(*frame, setup);
        batch.add({written.entry, written.block, frame}, clock.now());
        if (batch.due()) view.append(*batch.take(clock.now()));
    }
    void run() {
        for (auto& work : std::exchange(queue, {})) work();
    }
    ManualClock clock;
    std::vector<std::function<void()>> queue;
    net::SendBurst burst;
    StreamView view;
    FrameBatch batch;
    WireWriter writer;
    SharedSetup setup = std::make_shared<StreamSetup>(StreamSetup{test::video_track(), test::audio_track()});
    std::int64_t number = 1;
};

}  // namespace

TEST_CASE("a flush follows each picture and takes the sound along") {
    Stage s;
    Reader reader;
    s.view.attach(reader);
    s.add(TrackKind::video, true);
    s.run();
    CHECK(reader.flushes == 1);
    s.clock.advance(20ms);
    s.add(TrackKind::audio);
    s.run();
    CHECK(reader.flushes == 1);
    s.clock.advance(20ms);
    s.add(TrackKind::video);
    s.run();
    CHECK(reader.flushes == 2);
}

TEST_CASE("readers that leave while they are told what was sent of them hold up nobody") {
    // More than one burst takes: some are told while others have not been called yet.
    struct Sender final : LogReader, net::BurstSender {
        void on_flush(net::SendBurst& burst) override { burst.add(socket, bytes, *this); }
        void on_sent(std::ptrdiff_t count) override {
            sent += count;
            if (leaves) view->detach(*this);
        }
        void on_stream_ended() override {}
        StreamView* view = nullptr;
        Bytes bytes{1, 2, 3};
        int socket = -1;
        bool leaves = false;
        std::ptrdiff_t sent = 0;
    };
    for (const auto way : {net::SendBurst::Way::io_uring, net::SendBurst::Way::send}) {
        // Enough of them that none is full.
        std::array<std::array<int, 2>, 20> lines{};
        for (auto& ends : lines)
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        Stage s(0ms, way);
        std::vector<Sender> readers(1100);
        for (std::size_t i = 0; i < readers.size(); ++i) {
            readers[i].view = &s.view;
            readers[i].socket = lines[i % lines.size()][0];
            readers[i].leaves = i % 3 == 0;
            s.view.attach(readers[i]);
        }
        for (int i = 0; i < 2; ++i) {
            s.add(TrackKind::video, true);
            s.run();
        }
        for (const auto& reader : readers) CHECK(reader.sent == (reader.leaves ? 3 : 6));
        for (const auto& ends : lines)
            for (const int end : ends) ::close(end);
    }
}

TEST_CASE("frames that queued up under load go out in one flush") {
    Stage s;
    Reader reader;
    s.view.attach(reader);
    for (int i = 0; i < 10; ++i) s.add(TrackKind::video, i == 0);
    s.run();
    CHECK(reader.flushes == 1);
}

TEST_CASE("merge_ms stretches the flushes") {
    Stage s(100ms);
    Reader reader;
    s.view.attach(reader);
    for (int i = 0; i < 30; ++i) {
        s.add(TrackKind::video, i == 0);
        s.run();
        s.clock.advance(40ms);
    }
    CHECK(reader.flushes == 12);  // one in each tenth of a second
}

TEST_CASE("a flush that was late does not make the next one late") {
    Stage s(100ms);
    Reader reader;
    s.view.attach(reader);
    for (const auto after : {0ms, 108ms, 92ms, 199ms, 1ms, 100ms}) {
        s.clock.advance(after);
        s.add(TrackKind::video, true);
        s.run();
    }
    CHECK(reader.flushes == 6);
}

TEST_CASE("sound alone does not wait for a picture") {
    Stage s;
    Reader reader;
    s.view.attach(reader);
    for (int i = 0; i < 50; ++i) {
        s.add(TrackKind::audio);
        s.run();
        s.clock.advance(21ms);
    }
    CHECK(reader.flushes >= 15);
}

TEST_CASE("a reader may leave while it is called, the others are called all the same") {
    Stage s;
    Reader first, second, third;
    for (auto* reader : {&first, &second, &third}) s.view.attach(*reader);
    second.leave_from = &s.view;
    for (int i = 0; i < 2; ++i) {
        s.clock.advance(40ms);
        s.add(TrackKind::video, true);
        s.run();
    }
    CHECK(first.flushes == 2);
    CHECK(second.flushes == 1);
    CHECK(third.flushes == 2);
}

TEST_CASE("the end of the stream is told once, after what was left") {
    Stage s;
    Reader reader;
    s.view.attach(reader);
    s.view.set_live(true);
    s.add(TrackKind::audio);
    s.run();
    const auto before = reader.flushes;
    s.add(TrackKind::video);
    s.view.set_live(false);
    s.view.set_live(false);
    CHECK(reader.flushes == before + 1);
    CHECK(reader.ends == 1);
}
