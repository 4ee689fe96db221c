#include "relay/test_channel/test_channel.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/auth/proof_digits.hpp"
#include "common/log/log.hpp"

namespace tongke::relay {
namespace {

// A stream that somebody else publishes is asked for again.
constexpr std::chrono::seconds kAskAgain{1};
constexpr Milliseconds kAnswer{10};
// An encoder that fails is not asked each second: each try is a line in the log.
constexpr std::chrono::seconds kEncoderRetry{30};
// The lesson goes first where there is too little processor for both.
constexpr int kNiceness = 5;

/// The place among the stream's publishers. Shared with what is posted to the stream.
struct Seat {
    std::atomic<PublicationId> id{0};  // 0: not seated
    std::atomic<bool> asked{false};    // an answer is under way
};

}  // namespace

struct TestChannel::State {
    State(Stream& s, const Clock& c, metrics::Metrics& m, TestChannelOptions o)
        : stream(s),
          clock(c),
          options(o),
          pictures(m.counter("tongke_test_channel_pictures_total", "pictures the relay's test channel made")),
          left_out(m.counter("tongke_test_channel_left_out_total",
                             "pictures the test channel left out for want of processor time")) {}

    void run();
    void broadcast_once();
    void show();
    bool make_and_send(Generator& generator, Pace& pace);
    void ask_for_seat();
    void leave_seat();
    /// False when the channel goes off the air before then.
    bool wait_until(SteadyTime then);
    std::optional<Bytes> wanted_secret();

    Stream& stream;
    const Clock& clock;
    const TestChannelOptions options;
    prometheus::Counter& pictures;
    prometheus::Counter& left_out;
    const std::shared_ptr<Seat> seat = std::make_shared<Seat>();
    std::thread thread;

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Bytes> secret;  // none: off the air
    bool stopping = false;
};

TestChannel::TestChannel(Stream& stream, const Clock& clock, metrics::Metrics& metrics,
                         TestChannelOptions options)
    : state_(std::make_unique<State>(stream, clock, metrics, options)) {}

TestChannel::~TestChannel() { stop(); }

void TestChannel::start() {
    state_->thread = std::thread([s = state_.get()] {
        pthread_setname_np(pthread_self(), "test-channel");
        // Linux: niceness is a thread's own.
        if (setpriority(PRIO_PROCESS, 0, kNiceness) != 0) log::debug("test", "the priority stays as it is");
        s->run();
    });
}

void TestChannel::broadcast(std::optional<Bytes> secret) {
    auto& s = *state_;
    const std::lock_guard lock(s.mutex);
    if (s.secret == secret) return;
    s.secret = std::move(secret);
    s.changed.notify_all();
}

void TestChannel::stop() {
    auto& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        s.stopping = true;
        s.changed.notify_all();
    }
    if (s.thread.joinable()) s.thread.join();
}

void TestChannel::State::run() {
    for (;;) {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return stopping || secret; });
            if (stopping) break;
        }
        try {
            broadcast_once();
        } catch (const std::exception& error) {
            // Out of memory, no HMAC: nothing that may end the lesson.
            log::error("test", "{}: no test channel: {}", stream.name(), error.what());
            leave_seat();
            wait_until(clock.now() + kEncoderRetry);
        }
    }
}

/// From the moment a window opens until it closes, or the stop.
void TestChannel::State::broadcast_once() {
    log::info("test", "{}: the test channel goes on the air", stream.name());
    while (wanted_secret()) {
        if (seat->id != 0) {
            show();
        } else {
            ask_for_seat();
            while (seat->asked && wait_until(clock.now() + kAnswer)) {
            }
            if (seat->id == 0) wait_until(clock.now() + kAskAgain);
        }
    }
    leave_seat();
    log::info("test", "{}: the test channel goes off the air", stream.name());
}

/// From taking the seat until it is lost or the window closes.
void TestChannel::State::show() {
    auto generator = Generator::open(options);
    if (!generator) {
        log::error("test", "{}: no test channel: {}", stream.name(), generator.error().message());
        leave_seat();
        wait_until(clock.now() + kEncoderRetry);
        return;
    }
    Pace pace(clock.now(), clock.wall(), options.fps);
    while (seat->id != 0 && make_and_send(**generator, pace)) {
    }
}

bool TestChannel::State::make_and_send(Generator& generator, Pace& pace) {
    const auto due = pace.next(clock.now(), clock.wall());
    if (pace.left_out() > 0) {
        // What was missed is not made up for, neither picture nor sound: as an encoder that comes back.
        left_out.Increment(static_cast<double>(pace.left_out()));
        leave_seat();
        return false;
    }
    if (!wait_until(due.at)) return false;
    const auto key = wanted_secret();
    if (!key) return false;
    auto frames = generator.make(pace, due, auth::proof_digits(*key, from_unix_ms(due.code.utc_ms)));
    if (!frames) {
        log::error("test", "{}: the test channel begins anew: {}", stream.name(), frames.error().message());
        leave_seat();
        wait_until(clock.now() + kEncoderRetry);
        return false;
    }
    pictures.Increment();
    stream.post([id = seat->id.load(), frames = std::move(*frames)](Stream& s) {
        for (const auto& frame : frames) s.append(id, frame);
    });
    return true;
}

/// Whoever publishes from outside goes first: the seat is asked for only while it is free.
void TestChannel::State::ask_for_seat() {
    if (seat->asked.exchange(true)) return;
    stream.post([seat = seat, wall = clock.wall()](Stream& s) {
        if (!s.published()) {
            PublisherInfo who;
            who.client = "tongke-relay";
            who.generated = true;
            who.since = wall;
            seat->id = s.begin(std::move(who), [seat] { seat->id = 0; }).id;
        }
        seat->asked = false;
    });
}

void TestChannel::State::leave_seat() {
    stream.post([seat = seat, id = seat->id.exchange(0)](Stream& s) {
        if (id != 0) s.end(id);
        // Asked for before and given in between.
        if (const auto late = seat->id.exchange(0)) s.end(late);
    });
}

bool TestChannel::State::wait_until(SteadyTime then) {
    std::unique_lock lock(mutex);
    const auto off = changed.wait_for(lock, std::max(then - clock.now(), SteadyTime::duration::zero()),
                                      [this] { return stopping || !secret; });
    return !off;
}

std::optional<Bytes> TestChannel::State::wanted_secret() {
    const std::lock_guard lock(mutex);
    return stopping ? std::nullopt : secret;
}

}  // namespace tongke::relay
