#include "relay/stream/stream_hub.hpp"

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <stdexcept>
#include <utility>

#include "common/async/aliases.hpp"
#include "common/log/log.hpp"
#include "common/time/ticks.hpp"
#include "relay/stream/stream_parts.hpp"

namespace tongke::relay {
namespace {

// The slate's pictures are this far apart.
constexpr Milliseconds kFillEvery{100};
// Whether one is away: nobody is woken more often than a slate needs.
constexpr Milliseconds kLookEvery{250};
constexpr Milliseconds kTick{1000};
// Work may be posted on by work: frame to view, view to flush.
constexpr int kDrainRounds = 3;

}  // namespace

struct StreamHub::State {
    State(async::Workers& w, metrics::Metrics& m, const Clock& c, std::filesystem::path dir,
          net::SendBurst::Way way)
        : workers(w), metrics(m), clock(c), folder(std::move(dir)), timer(w.context(0).get_executor()) {
        for (std::size_t i = 0; i < workers.size(); ++i)
            bursts.push_back(std::make_unique<net::SendBurst>(way));
        if (const auto refusal = bursts.back()->refusal())
            log::info("stream", "io_uring is not to be had ({}): a system call for each send",
                      refusal.message());
    }

    struct Entry {
        explicit Entry(std::filesystem::path path) : file(std::move(path)) {}
        StateFile file;
        std::vector<std::unique_ptr<StreamView>> views;  // by worker
        std::unique_ptr<Stream> stream;
    };
    StreamState::Disk disk_of(Entry& entry, std::size_t home);
    void keep_filling();
    decltype(StreamParts::make_slate) slate_of(const StreamOptions& options, std::size_t home);
    void drain() const;

    async::Workers& workers;
    metrics::Metrics& metrics;
    const Clock& clock;
    const std::filesystem::path folder;
    async::Workers disk{1, "streams"};  // waits for fsync and makes slates, so that no worker does
    std::vector<std::unique_ptr<net::SendBurst>> bursts;  // by worker
    std::map<std::string, Entry, std::less<>> entries;
    async::Timer timer;     // on worker 0
    bool stopping = false;  // on worker 0
    Every ticks{kTick};     // on worker 0
    bool started = false;
};

StreamHub::StreamHub(async::Workers& workers, metrics::Metrics& metrics, const Clock& clock,
                     std::filesystem::path data_dir, net::SendBurst::Way way)
    : state_(std::make_unique<State>(workers, metrics, clock, std::move(data_dir) / "streams", way)) {}

StreamHub::~StreamHub() { stop(); }

void StreamHub::add(const std::string& name, const StreamOptions& options) {
    auto& s = *state_;
    std::filesystem::create_directories(s.folder);
    const auto home = s.entries.size() % s.workers.size();
    auto& entry = s.entries.try_emplace(name, s.folder / (name + ".json")).first->second;
    const auto reserved = entry.file.load();
    if (!reserved)
        throw std::runtime_error("stream " + name + ": " + (s.folder / (name + ".json")).string() + ": " +
                                 reserved.error().message());
    std::vector<StreamView*> views;
    for (std::size_t i = 0; i < s.workers.size(); ++i) {
        entry.views.push_back(std::make_unique<StreamView>(
            name, i, LogBounds{options.keep_seconds * std::int64_t{1000}, options.keep_bytes},
            [&workers = s.workers, i](std::function<void()> work) { workers.post(i, std::move(work)); },
            *s.bursts[i]));
        views.push_back(entry.views.back().get());
    }
    entry.stream = std::make_unique<Stream>(
        name, options,
        StreamParts{s.workers, home, std::move(views), s.clock, StreamMetrics(s.metrics, name),
                    StreamState(*reserved, s.disk_of(entry, home)), s.slate_of(options, home)});
}

StreamState::Disk StreamHub::State::disk_of(Entry& entry, std::size_t home) {
    const auto write = [&entry](const ReservedNumbers& numbers) {
        // Serving goes on: better a number used twice after a crash than no lesson now.
        if (const auto written = entry.file.raise(numbers); !written)
            log::error("stream", "numbers cannot be kept on disk: {}", written.error().message());
    };
    return {write, [this, write, home](const ReservedNumbers& numbers, std::function<void()> done) {
                disk.post(0, [this, write, home, numbers, done = std::move(done)] {
                    write(numbers);
                    workers.post(home, done);
                });
            }};
}

void StreamHub::start() {
    state_->started = true;
    state_->disk.start();
    state_->workers.run_on(0, [this] { state_->keep_filling(); });
}

decltype(StreamParts::make_slate) StreamHub::State::slate_of(const StreamOptions& options, std::size_t home) {
    if (!options.slate) return {};
    return [this, make = options.slate, home](StreamSetup source, std::function<void(SharedStill)> done) {
        disk.post(0, [this, make, home, source = std::move(source), done = std::move(done)] {
            workers.post(home, [done, still = make(source)] { done(still); });
        });
    };
}

/// What lost publishers leave, and once a second everything else.
void StreamHub::State::keep_filling() {
    if (stopping) return;
    const auto now = clock.now();
    const bool tick = ticks.due(now);
    bool away = false;
    for (auto& [name, entry] : entries) {
        away = away || entry.stream->source_away();
        if (tick || entry.stream->source_away())
            entry.stream->post([tick](Stream& stream) {
                stream.fill();
                if (tick) stream.tick();
            });
    }
    timer.expires_at(next_tick(std::chrono::steady_clock::now(), away ? kFillEvery : kLookEvery));
    timer.async_wait([this](Error error) {
        if (!error) keep_filling();
    });
}

void StreamHub::stop() {
    auto& s = *state_;
    if (!std::exchange(s.started, false)) return;
    s.workers.run_on(0, [&s] {
        s.stopping = true;
        s.timer.cancel();
    });
    s.drain();
    s.disk.stop();
    s.drain();
    s.entries.clear();
}

/// Every handler that was queued, or posted by one that was, has run.
void StreamHub::State::drain() const {
    for (int round = 0; round < kDrainRounds; ++round)
        for (std::size_t i = 0; i < workers.size(); ++i) workers.run_on(i, [] {});
}

std::vector<std::string> StreamHub::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : state_->entries) names.push_back(name);
    return names;
}

Stream* StreamHub::find(std::string_view name) const {
    const auto entry = state_->entries.find(name);
    return entry == state_->entries.end() ? nullptr : entry->second.stream.get();
}

StreamView* StreamHub::view(std::size_t worker, std::string_view name) const {
    const auto entry = state_->entries.find(name);
    return entry == state_->entries.end() ? nullptr : entry->second.views[worker].get();
}

void StreamHub::snapshot(std::function<void(std::vector<StreamInfo>)> done) const {
    struct Gathering {
        std::vector<StreamInfo> infos;
        std::atomic<std::size_t> left;
        std::function<void(std::vector<StreamInfo>)> done;
    };
    const auto gathering = std::make_shared<Gathering>();
    gathering->infos.resize(state_->entries.size());
    gathering->left = state_->entries.size();
    gathering->done = std::move(done);
    if (state_->entries.empty()) return state_->workers.post(0, [gathering] { gathering->done({}); });
    std::size_t index = 0;
    for (const auto& [name, entry] : state_->entries)
        entry.stream->post([gathering, i = index++](Stream& stream) {
            gathering->infos[i] = stream.info();
            if (--gathering->left == 0) gathering->done(std::move(gathering->infos));
        });
}

async::Workers& StreamHub::workers() const { return state_->workers; }
const Clock& StreamHub::clock() const { return state_->clock; }

}  // namespace tongke::relay
