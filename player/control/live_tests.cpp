#include "player/control/live_tests.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "common/auth/random.hpp"

namespace tongke::player {
namespace {

constexpr auto kProbeEvery = std::chrono::seconds{10};  // QOE.md §5
constexpr auto kFirstProbe = std::chrono::seconds{3};

livetest::Reason node_stopped() { return {"node_stopped", "节点在测试中停止", "请等节点恢复后重新测试"}; }

}  // namespace

struct LiveTests::Running {
    Running(livetest::Subject subject, const Start& start, const MediaChannel& channel, SteadyTime now,
            WallTime wall)
        : test(std::move(subject), now, wall, channel.target_seconds()),
          monitor(channel.ledger(), now, channel.target_seconds()),
          other(start.other),
          session(start.session),
          begin(now),
          next_probe(now + kFirstProbe) {}

    livetest::LiveTest test;
    qoe::RoomMonitor monitor;
    std::optional<auth::Role> other;
    std::string session;
    SteadyTime begin, next_probe;
    SteadyTime last_page_fetch{};
    bool probing = false;
};

LiveTests::LiveTests(const MediaChannel& channel, EventLog& events, NodeMetrics& metrics, const Clock& clock,
                     TestPorts ports)
    : channel_(channel), events_(events), metrics_(metrics), clock_(clock), ports_(std::move(ports)) {}
LiveTests::~LiveTests() = default;

bool LiveTests::start(const Start& start, std::function<void(const std::string&)> kept) {
    for (const auto& one : running_)
        if (one->test.subject().room == start.room && one->test.subject().scope == start.scope) return false;
    livetest::Subject subject;
    subject.id = auth::random_hex(8);
    subject.room = start.room;
    subject.room_name = start.room_name;
    subject.started_by = start.started_by;
    subject.scope = start.scope;
    subject.minutes = start.minutes;
    subject.playlist = "/rooms/" + start.room + "/test/hls/index.m3u8";
    const auto id = subject.id;
    const bool alone = running_.empty();
    running_.push_back(
        std::make_shared<Running>(std::move(subject), start, channel_, clock_.now(), clock_.wall()));
    look_who_attends(*running_.back());
    if (alone && ports_.begins) ports_.begins();
    unrecorded_[id] = running_.back()->test.to_json(clock_.now());
    keep([kept = std::move(kept), id] { kept(id); });
    return true;
}

void LiveTests::keep(std::function<void()> kept) {
    if (!ports_.keep) return kept ? kept() : void();
    std::string text;
    for (const auto& [id, test] : unrecorded_) (text += text.empty() ? "[" : ",\n") += test;
    ports_.keep(text.empty() ? "[]" : text + "]", std::move(kept));
}

/// The file knows a test until its record is on disk: between the two a kill would lose it.
void LiveTests::record(const std::string& room, const std::string& id, std::string test) {
    events_.add_test(room, id, std::move(test), [this, id, alive = std::weak_ptr{alive_}] {
        if (!alive.expired() && unrecorded_.erase(id) > 0) keep();
    });
}

void LiveTests::recover(std::string_view text) {
    Error error;
    const auto file = boost::json::parse(text, error);
    if (error || !file.is_array()) return;
    for (const auto& each : file.get_array()) {
        const auto running = boost::json::serialize(each);
        const auto known = livetest::parse_stored(running);
        auto ended = livetest::abort_stored(running, clock_.wall(), node_stopped());
        if (!known || !ended) continue;
        unrecorded_[known->id] = running;
        record(known->room, known->id, std::move(*ended));
    }
}

const std::string* LiveTests::session(std::string_view room) const {
    for (const auto& one : running_)
        if (one->test.subject().room == room && one->test.subject().scope == livetest::Scope::page)
            return &one->session;
    return nullptr;
}

Error LiveTests::beacons(const std::string& room, const qoe::BeaconBatch& batch, SteadyTime arrival) {
    for (const auto& one : running_) {
        if (one->test.subject().room != room || one->test.subject().scope != livetest::Scope::page) continue;
        const auto update = one->monitor.beacons(batch, arrival);
        if (!update) return update.error();
        for (const auto& fetch : update->fetches) {
            if (!fetch.stored || fetch.begin - one->last_page_fetch < kProbeEvery / 2) continue;
            one->last_page_fetch = fetch.begin;
            one->test.throughput(qoe::Hop::node_pc, fetch.bytes,
                                 std::chrono::duration<double>(fetch.end - fetch.begin).count());
        }
    }
    return {};
}

void LiveTests::probe(Running& test) {
    const auto segment = channel_.stored_segment();
    if (test.probing || clock_.now() < test.next_probe || !segment) return;
    test.next_probe = clock_.now() + kProbeEvery;
    test.probing = true;
    const auto found =
        std::find_if(running_.begin(), running_.end(), [&](auto& one) { return one.get() == &test; });
    ports_.probe(*segment, [weak = std::weak_ptr{*found}](std::optional<LinkProbe> seen) {
        const auto one = weak.lock();
        if (!one) return;
        one->probing = false;
        if (seen && seen->bytes > 0) one->test.throughput(qoe::Hop::relay_node, seen->bytes, seen->seconds);
    });
}

void LiveTests::feed(Running& one) {
    const auto now = clock_.now();
    one.test.aim_at(channel_.target_seconds());
    one.monitor.aim_at(channel_.target_seconds());
    one.monitor.advance(now);
    if (one.test.subject().scope == livetest::Scope::page)
        one.test.page(one.monitor.totals(now), one.monitor.snapshot(now, clock_.wall()).latency_s);
    one.test.arrivals(channel_.live_arrivals(one.begin));
    if (const auto bps = channel_.ledger().bitrate_bps()) one.test.bitrate(*bps);
    if (const auto level = channel_.node_buffer(now)) one.test.node_buffer(*level, now);
}

void LiveTests::look_who_attends(Running& one) {
    const auto& subject = one.test.subject();
    if (!one.other || subject.attended_by) return;
    auto name = ports_.attending(subject.room, *one.other);
    if (!name) return;
    one.test.attended_by(std::move(*name));
    const auto kept = unrecorded_.find(subject.id);
    if (kept == unrecorded_.end()) return;
    kept->second = one.test.to_json(clock_.now());
    keep();
}

void LiveTests::tick() {
    for (const auto& one : running_) {
        look_who_attends(*one);
        feed(*one);
        probe(*one);
        if (one->test.over(clock_.now())) finish(*one);
    }
    std::erase_if(running_,
                  [](const auto& one) { return one->test.state() != livetest::TestState::running; });
}

void LiveTests::finish(Running& one) {
    one.test.finish(clock_.now(), clock_.wall());
    const auto& subject = one.test.subject();
    const std::string verdict{livetest::to_string(one.test.outcome().verdict)};
    metrics_.test_result(verdict);
    record(subject.room, subject.id, one.test.to_json(clock_.now()));
    events_.add({.room = subject.room,
                 .type = "test_result",
                 .key = "test_result:" + subject.id,
                 .begin = clock_.wall() - Milliseconds{static_cast<std::int64_t>(subject.minutes * 60'000)},
                 .end = clock_.wall(),
                 .seconds = subject.minutes * 60});
}

void LiveTests::abort_all() {
    for (const auto& one : running_) {
        one->test.abort(clock_.now(), clock_.wall(), node_stopped());
        const auto& subject = one->test.subject();
        record(subject.room, subject.id, one->test.to_json(clock_.now()));
    }
    running_.clear();
}

std::optional<std::string> LiveTests::find(std::string_view room, std::string_view id) const {
    for (const auto& one : running_)
        if (one->test.subject().room == room && one->test.subject().id == id)
            return one->test.to_json(clock_.now());
    for (const auto& record : events_.spool().all(telemetry::RecordKind::test)) {
        if (record.room != room) continue;
        const auto stored = livetest::parse_stored(record.json);
        if (stored && stored->id == id) return record.json;
    }
    return std::nullopt;
}

std::vector<std::string> LiveTests::list(std::string_view room) const {
    std::vector<std::string> out;
    for (const auto& one : running_)
        if (one->test.subject().room == room) out.push_back(one->test.to_json(clock_.now()));
    auto stored = events_.spool().all(telemetry::RecordKind::test);
    for (auto record = stored.rbegin(); record != stored.rend(); ++record)
        if (record->room == room) out.push_back(std::move(record->json));
    return out;
}

std::optional<livetest::StoredTest> LiveTests::last(std::string_view room) const {
    const auto stored = events_.spool().all(telemetry::RecordKind::test);
    for (auto record = stored.rbegin(); record != stored.rend(); ++record) {
        if (record->room != room) continue;
        if (auto test = livetest::parse_stored(record->json)) return std::move(*test);
    }
    return std::nullopt;
}

}  // namespace tongke::player
