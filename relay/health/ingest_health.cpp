#include "relay/health/ingest_health.hpp"

#include <sys/resource.h>

#include <atomic>
#include <utility>
#include <vector>

#include "common/async/workers.hpp"
#include "common/log/log.hpp"
#include "relay/health/source_watch.hpp"

namespace tongke::relay {
namespace {

// Below the test channel's: its picture is seen, this thread's work is not.
constexpr int kNiceness = 10;
// Some seconds of frames. Once it is behind by so much, it goes on when half of that is done.
constexpr int kMostWaiting = 1000;
constexpr std::size_t kMostBytesWaiting = 32u << 20;
// What is found is told this much later at most.
constexpr Milliseconds kHandOverEvery{200};
constexpr std::size_t kMostGathered = 32;

struct Said {
    const char* code;
    const char* text;
};
constexpr Said kSaid[] = {
    {"black", "画面是黑的，请检查摄像机和它的接线"},
    {"frozen", "画面不动了，请检查摄像机和编码器；正在放幻灯片时可以不理会"},
    {"silence", "没有声音，请检查话筒、调音台和编码器的音频输入"},
    {"silence_left", "左声道没有声音，请检查音频线"},
    {"silence_right", "右声道没有声音，请检查音频线"},
};

const char* text_of(const std::string& code) {
    for (const auto& said : kSaid)
        if (code == said.code) return said.text;
    return "";
}

}  // namespace

struct IngestHealth::State {
    State(StreamHub& h, metrics::Metrics& m)
        : hub(h),
          left_out(m.counter("tongke_ingest_health_left_out_total",
                             "frames of sources that were not looked at for want of processor time")),
          faults(m.counter("tongke_ingest_health_undecodable_total",
                           "pictures and frames of sound of sources that could not be decoded")) {}

    /// One stream's. Read on the stream's home worker, watched on the thread.
    struct Watched : SourceReader {
        Watched(State& s, Stream& stream) : state(s), of(stream) {}
        void on_source_frame(const SharedFrame& frame) override;
        void on_source_lost() override;
        void look(const SharedFrame& frame);
        void tell(std::int64_t now_ms, SteadyTime arrival);
        bool has_room();

        State& state;
        Stream& of;
        std::atomic<int> waiting{0};
        std::atomic<std::size_t> bytes_waiting{0};
        void hand_over(SteadyTime now);
        bool overrun = false;  // from here on the home worker
        std::vector<SharedFrame> gathered;
        SteadyTime handed_over{};
        SourceWatch watch;  // from here on the thread
        std::vector<Finding> told;
        std::uint64_t faults = 0;
    };

    StreamHub& hub;
    prometheus::Counter& left_out;
    prometheus::Counter& faults;
    std::atomic<bool> stopping{false};
    async::Workers thread{1, "health"};
    std::vector<std::unique_ptr<Watched>> watched;
};

void IngestHealth::State::Watched::on_source_frame(const SharedFrame& frame) {
    if (!has_room()) {
        hand_over(frame->arrival);
        return state.left_out.Increment();
    }
    ++waiting;
    bytes_waiting += frame->payload->size();
    gathered.push_back(frame);
    if (gathered.size() >= kMostGathered || frame->arrival - handed_over >= kHandOverEvery)
        hand_over(frame->arrival);
}

/// The thread is woken a few times a second, not for every frame.
void IngestHealth::State::Watched::hand_over(SteadyTime now) {
    handed_over = now;
    if (gathered.empty()) return;
    state.thread.post(0, [this, frames = std::exchange(gathered, {})] {
        for (const auto& frame : frames) {
            --waiting;
            bytes_waiting -= frame->payload->size();
            if (!state.stopping) look(frame);
        }
    });
}

bool IngestHealth::State::Watched::has_room() {
    if (waiting >= kMostWaiting || bytes_waiting >= kMostBytesWaiting) overrun = true;
    if (!overrun) return true;
    if (waiting >= kMostWaiting / 2 || bytes_waiting >= kMostBytesWaiting / 2) return false;
    // What comes after a hole cannot be compared with what came before it.
    overrun = false;
    on_source_lost();
    return true;
}

void IngestHealth::State::Watched::on_source_lost() {
    hand_over(handed_over);
    state.thread.post(0, [this] {
        watch.forget();
        tell(0, state.hub.clock().now());
    });
}

void IngestHealth::State::Watched::look(const SharedFrame& frame) {
    watch.on_frame(frame);
    if (const auto now = watch.faults(); now != faults)
        state.faults.Increment(static_cast<double>(now - std::exchange(faults, now)));
    tell(frame->dts_ms, frame->arrival);
}

/// `arrival`: when the frame at `now_ms` came; this thread may be behind.
void IngestHealth::State::Watched::tell(std::int64_t now_ms, SteadyTime arrival) {
    auto findings = watch.findings();
    if (findings == told) return;
    told = std::move(findings);
    std::vector<Advisory> advisories;
    const auto& clock = state.hub.clock();
    const auto wall = clock.wall() - std::chrono::duration_cast<Milliseconds>(clock.now() - arrival);
    for (const auto& finding : told)
        advisories.push_back({finding.code,
                              text_of(finding.code),
                              finding.level,
                              wall - Milliseconds{now_ms - finding.begin_ms},
                              {}});
    of.post([advisories = std::move(advisories)](Stream& stream) mutable {
        stream.advise(std::move(advisories));
    });
}

IngestHealth::IngestHealth(StreamHub& hub, metrics::Metrics& metrics)
    : state_(std::make_unique<State>(hub, metrics)) {
    for (const auto& name : hub.names())
        state_->watched.push_back(std::make_unique<State::Watched>(*state_, *hub.find(name)));
}

IngestHealth::~IngestHealth() { stop(); }

void IngestHealth::start() {
    auto& s = *state_;
    s.thread.start();
    // Linux: niceness is a thread's own.
    s.thread.post(0, [] {
        if (setpriority(PRIO_PROCESS, 0, kNiceness) != 0) log::debug("health", "the priority stays as it is");
    });
    for (const auto& watched : s.watched)
        s.hub.workers().run_on(watched->of.home(), [&] { watched->of.read_source(watched.get()); });
}

void IngestHealth::stop() {
    auto& s = *state_;
    s.stopping = true;
    for (const auto& watched : s.watched)
        s.hub.workers().run_on(watched->of.home(), [&] { watched->of.read_source(nullptr); });
    s.thread.stop();
    s.watched.clear();
}

}  // namespace tongke::relay
