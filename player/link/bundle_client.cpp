#include "player/link/bundle_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/log/log.hpp"
#include "player/link/files.hpp"

namespace tongke::player {
namespace {

using std::chrono::seconds;

constexpr Milliseconds kWait = seconds{40};  // the relay answers after 30 s at the latest
constexpr Milliseconds kBackOff = seconds{1}, kLongestBackOff = seconds{30};

}  // namespace

struct BundleClient::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, RelayCalls& c, const Identity& i, std::string p, BundlePorts po)
        : calls(c), identity(i), path(std::move(p)), ports(std::move(po)), timer(io) {}

    void ask();
    void take(const Result<http::ClientAnswer>& answer);
    void adopt(std::string jws);
    void again_after_failure();
    void later(Milliseconds delay);

    RelayCalls& calls;
    const Identity& identity;
    const std::string path;
    BundlePorts ports;
    boost::asio::steady_timer timer;
    std::int64_t version = 0;
    int failures = 0;
    bool reached = false;
    bool stopped = false;
};

BundleClient::BundleClient(boost::asio::io_context& io, RelayCalls& calls, const Identity& identity,
                           std::string path, BundlePorts ports)
    : state_(std::make_shared<State>(io, calls, identity, std::move(path), std::move(ports))) {}

BundleClient::~BundleClient() { stop(); }

void BundleClient::start() {
    auto& s = *state_;
    if (const auto kept = read_whole(s.path)) {
        auto bundle = verify_bundle(*kept, s.identity.relay_key, s.identity.node, 0);
        if (bundle) {
            s.version = bundle->version;
            s.ports.changed(std::make_shared<const Bundle>(std::move(*bundle)));
        } else {
            log::error("link", "the bundle on disk is refused: {}", bundle.error().message());
        }
    }
    s.ask();
}

void BundleClient::stop() {
    state_->stopped = true;
    state_->timer.cancel();
}

bool BundleClient::reached_relay() const { return state_->reached; }

void BundleClient::State::ask() {
    calls.send("GET", "/api/v1/node/bundle", "after=" + std::to_string(version), {}, kWait,
               [self = shared_from_this()](const Result<http::ClientAnswer>& answer) {
                   if (!self->stopped) self->take(answer);
               });
}

void BundleClient::State::take(const Result<http::ClientAnswer>& answer) {
    const bool good = answer && (answer->status == 200 || answer->status == 304);
    if (good != reached) {
        if (good)
            log::info("link", "the relay answers");
        else
            log::warn("link", "the relay does not answer: {}",
                      answer ? "status " + std::to_string(answer->status) : answer.error().message());
    }
    reached = good;
    if (!good) return again_after_failure();
    failures = 0;
    if (answer->status == 304) return ask();
    adopt(std::string(answer->text()));
}

void BundleClient::State::adopt(std::string jws) {
    auto bundle = verify_bundle(jws, identity.relay_key, identity.node, version);
    if (!bundle) {
        log::error("link", "a bundle is refused: {}", bundle.error().message());
        return again_after_failure();
    }
    auto shared = std::make_shared<const Bundle>(std::move(*bundle));
    auto written = std::make_shared<Result<void>>();
    ports.on_disk([self = shared_from_this(), jws = std::move(jws),
                   written] { *written = write_whole(self->path, jws); },
                  [self = shared_from_this(), shared, written] {
                      if (self->stopped) return;
                      // A full disk must not keep a class from its new rights; after a restart the old one is
                      // asked again.
                      if (!*written)
                          log::error("link", "the bundle is not on disk: {}", written->error().message());
                      self->version = shared->version;
                      log::info("link", "bundle {} is in force: {} rooms, {} slots", shared->version,
                                shared->rooms.size(), shared->schedule.size());
                      self->ports.changed(shared);
                      self->ask();
                  });
}

/// The first retry at once, then full jitter (TRAPS.md 1.10).
void BundleClient::State::again_after_failure() {
    const int n = failures++;
    if (n == 0) return later(Milliseconds{50});
    const auto most = std::min<Milliseconds>(kLongestBackOff, kBackOff * (1 << std::min(n - 1, 5)));
    later(std::chrono::duration_cast<Milliseconds>(most * ports.random()));
}

void BundleClient::State::later(Milliseconds delay) {
    timer.expires_after(delay);
    timer.async_wait([self = shared_from_this()](const Error& error) {
        if (!error && !self->stopped) self->ask();
    });
}

}  // namespace tongke::player
