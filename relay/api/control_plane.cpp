#include "relay/api/control_plane.hpp"

#include <algorithm>
#include <utility>

#include "relay/api/control_state.hpp"

namespace tongke::relay {
namespace {

// At the window's first second the picture is there; a test that began in it runs to its end (SCREENS.md 1).
constexpr std::chrono::minutes kWindowLead{1};
constexpr std::chrono::minutes kWindowTail{10};

}  // namespace

std::string signing_key_path(const std::string& data_dir) { return data_dir + "/relay-key.pem"; }
std::string audit_path(const std::string& data_dir) { return data_dir + "/audit.jsonl"; }

struct ControlPlane::Impl {
    explicit Impl(SharedState shared) : state(std::move(shared)) {}
    SharedState state;

    void tell_debug_window() {
        if (!state->hooks.debug_window) return;
        const auto* window =
            debug_window_near(state->fleet.schedule(), state->clock.wall(), kWindowLead, kWindowTail);
        const auto begin = window ? std::optional{window->begin} : std::nullopt;
        if (std::exchange(state->debug_window, begin) != begin) state->hooks.debug_window(begin);
    }

    /// The lesson's newest frame once a second: what the relay itself knows of its source.
    void sample_source() {
        if (!state->hooks.streams || !state->source_samples.due(state->clock.now())) return;
        const std::weak_ptr<ControlState> weak = state;
        state->hooks.streams([weak](const std::vector<StreamInfo>& streams) {
            const auto shared = weak.lock();
            if (!shared) return;
            const auto lesson = std::find_if(streams.begin(), streams.end(), [&](const StreamInfo& stream) {
                return stream.name == shared->config.lesson_stream;
            });
            if (lesson == streams.end()) return;
            std::optional<WallTime> slate;
            for (const auto& advisory : lesson->advisories)
                if (advisory.code == "slate") slate = advisory.since;
            shared->hooks.post([weak, slate, frame = lesson->last_source_frame] {
                const auto again = weak.lock();
                if (!again) return;
                again->fleet.source_sampled(frame);
                if (std::exchange(again->slate_since, slate) != slate) again->slate_changed = true;
            });
        });
    }
};

ControlPlane::ControlPlane(ControlConfig config, const Clock& clock, metrics::Metrics& metrics,
                           auth::SigningKey key, ControlHooks hooks)
    : impl_(std::make_shared<Impl>(std::make_shared<ControlState>(std::move(config), clock, metrics,
                                                                  std::move(key), std::move(hooks)))) {}

ControlPlane::~ControlPlane() = default;

void ControlPlane::add_routes(http::Router& router) {
    add_session_routes(router, impl_->state);
    add_stream_routes(router, impl_->state);
    add_room_routes(router, impl_->state);
    add_node_routes(router, impl_->state);
    add_health_routes(router, impl_->state);
}

void ControlPlane::tick() {
    auto& state = *impl_->state;
    if (state.stopping) return;
    state.reload_changes(false);
    impl_->sample_source();
    impl_->tell_debug_window();
    state.fleet.tick();
    state.refusals.tick(state.clock.now());
    answer_waiting_bundles(state);
    tell_watchers(state);
}

void ControlPlane::audit(auth::AuditEntry entry) {
    const std::weak_ptr<ControlState> weak = impl_->state;
    impl_->state->hooks.post([weak, entry = std::move(entry)] {
        if (const auto state = weak.lock()) state->audit(entry);
    });
}

void ControlPlane::stop() {
    auto& state = *impl_->state;
    state.stopping = true;
    answer_waiting_bundles(state);
    for (auto& watcher : state.watchers) watcher.stream->close();
    state.watchers.clear();
    state.refusals.flush();
    state.fleet.stop();
    state.pool.reset();
}

}  // namespace tongke::relay
