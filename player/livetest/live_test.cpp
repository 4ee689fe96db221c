#include "player/livetest/live_test.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "common/time/format.hpp"

namespace tongke::livetest {

namespace json = boost::json;

namespace {

constexpr double kLongestWarmUp = 30;                 // s, of a pull that begins with the test
constexpr auto kSettling = std::chrono::seconds{10};  // the buffer is still filling

double to_s(qoe::Micros m) { return static_cast<double>(m.count()) / 1e6; }
double seconds(SteadyTime::duration d) { return std::chrono::duration<double>(d).count(); }

template <class T>
json::value or_null(const std::optional<T>& v) {
    if (!v) return nullptr;
    return json::value_from(*v);
}

double rounded(double v) { return std::round(v * 1000) / 1000; }
json::value or_null(const std::optional<double>& v) {
    if (!v || !std::isfinite(*v)) return nullptr;
    return rounded(*v);
}

json::object measures_json(const Measures& m) {
    json::array curve;
    for (const auto& p : m.stall_curve)
        curve.push_back(
            {{"latency_s", p.latency_s}, {"stalls", p.stalls}, {"stalled_s", rounded(p.stalled_s)}});
    return {{"startup_s", or_null(m.startup_s)},
            {"stalls", m.stalls},
            {"stalled_s", rounded(m.stalled_s)},
            {"buffer_min_s", or_null(m.buffer_min_s)},
            {"throughput_ratio_p10", or_null(m.throughput_ratio())},
            {"throughput_ratio_relay_node", or_null(m.throughput_relay_node)},
            {"throughput_ratio_node_pc", or_null(m.throughput_node_pc)},
            {"bitrate_bps", or_null(m.bitrate_bps)},
            {"dropped_ratio", or_null(m.dropped_ratio)},
            {"freezes", or_null(m.freezes)},
            {"latency_s", or_null(m.latency_s)},
            {"required_latency_s", or_null(m.required_latency_s)},
            {"stall_curve", std::move(curve)}};
}

Error bad_record() { return boost::system::errc::make_error_code(boost::system::errc::bad_message); }

json::object reason_json(const Reason& r) { return {{"code", r.code}, {"text", r.text}, {"next", r.next}}; }

}  // namespace

std::string_view to_string(Scope s) { return s == Scope::page ? "page" : "node"; }

std::string_view to_string(TestState s) {
    switch (s) {
        case TestState::running: return "running";
        case TestState::finished: return "finished";
        case TestState::aborted: return "aborted";
    }
    return "aborted";
}

std::string_view to_string(Verdict v) {
    switch (v) {
        case Verdict::passed: return "passed";
        case Verdict::conditional: return "conditional";
        case Verdict::failed: return "failed";
        case Verdict::incomplete: return "incomplete";
    }
    return "incomplete";
}

LiveTest::LiveTest(Subject subject, SteadyTime begin, WallTime begin_wall, double target_s,
                   Thresholds thresholds)
    : subject_(std::move(subject)),
      thresholds_(thresholds),
      begin_(begin),
      begin_wall_(begin_wall),
      target_s_(target_s) {}

void LiveTest::throughput(qoe::Hop hop, std::int64_t bytes, double took_s) {
    if (state_ != TestState::running) return;
    if (hop == qoe::Hop::relay_node) relay_node_.add(bytes, took_s);
    if (hop == qoe::Hop::node_pc) node_pc_.add(bytes, took_s);
}

void LiveTest::page(const qoe::RoomTotals& totals, std::optional<double> latency_s) {
    if (state_ != TestState::running) return;
    page_ = totals;
    if (latency_s) latency_s_ = latency_s;
}

void LiveTest::arrivals(std::span<const qoe::Arrival> run) {
    if (state_ == TestState::running) run_.assign(run.begin(), run.end());
}

void LiveTest::node_buffer(double level_s, SteadyTime now) {
    if (state_ != TestState::running || now - begin_ < kSettling) return;
    node_buffer_min_ = node_buffer_min_ ? std::min(*node_buffer_min_, level_s) : level_s;
}

/// Minutes of continuous play (QOE.md §5). The node's part counts from the first segment that came live: a
/// pull that begins with the test first fetches what a room would start with, which on a thin link takes a
/// while.
double LiveTest::seconds_left(SteadyTime now) const {
    auto waited = std::min(seconds(now - begin_), kLongestWarmUp);
    if (subject_.scope == Scope::page)
        waited = 0;
    else if (!run_.empty())
        waited = std::min(waited,
                          static_cast<double>(run_.front().at_us) / 1e6 - seconds(begin_.time_since_epoch()));
    return subject_.minutes * 60 - (seconds(now - begin_) - std::max(0.0, waited));
}

bool LiveTest::over(SteadyTime now) const { return seconds_left(now) <= 0; }

void LiveTest::finish(SteadyTime now, WallTime wall) {
    if (state_ != TestState::running) return;
    outcome_ = evaluate(subject_.scope, measures(), subject_.minutes, thresholds_);
    state_ = TestState::finished;
    end_ = now;
    end_wall_ = wall;
}

void LiveTest::abort(SteadyTime now, WallTime wall, Reason why) {
    if (state_ != TestState::running) return;
    outcome_ = {Verdict::incomplete, {std::move(why)}};
    state_ = TestState::aborted;
    end_ = now;
    end_wall_ = wall;
}

void LiveTest::measure_page(Measures& m) const {
    if (!page_) return;
    m.startup_s = page_->startup_s;
    m.stalls = page_->stalls + page_->open_stalls;
    m.stalled_s = to_s(page_->stalled + page_->open_stalled);
    m.buffer_min_s = page_->buffer_min_s;
    m.freezes = page_->freezes;
    const auto frames = page_->presented + page_->dropped;
    if (frames > 0) m.dropped_ratio = static_cast<double>(page_->dropped) / static_cast<double>(frames);
    m.observed_s = to_s(page_->watched);
}

void LiveTest::measure_node(Measures& m) const {
    if (run_.empty()) return;
    std::int64_t longest = 0, media = 0;
    for (const auto& a : run_)
        longest = std::max(longest, a.end_us - a.begin_us), media += a.end_us - a.begin_us;
    const auto at_target = qoe::curve_point(run_, m.target_s + static_cast<double>(longest) / 1e6);
    m.stalls = at_target.stalls;
    m.stalled_s = at_target.stalled_s;
    m.buffer_min_s = node_buffer_min_;
    m.observed_s = static_cast<double>(media) / 1e6;
}

Measures LiveTest::measures() const {
    Measures m;
    m.target_s = target_s_;
    m.bitrate_bps = bitrate_bps_;
    m.latency_s = latency_s_;
    m.throughput_samples_relay_node = relay_node_.count();
    m.throughput_samples_node_pc = node_pc_.count();
    const auto ratio = [&](const ThroughputMeter& meter) -> std::optional<double> {
        const auto p10 = meter.p10_bps();
        if (!p10 || !bitrate_bps_ || *bitrate_bps_ <= 0) return {};
        return *p10 / *bitrate_bps_;
    };
    m.throughput_relay_node = ratio(relay_node_);
    m.throughput_node_pc = ratio(node_pc_);
    auto report = qoe::VirtualPlayers::report(run_);
    m.stall_curve = std::move(report.curve);
    m.required_latency_s = report.required_latency_s;
    if (subject_.scope == Scope::page)
        measure_page(m);
    else
        measure_node(m);
    return m;
}

std::string LiveTest::to_json(SteadyTime now) const {
    const auto m = measures();
    const auto left = seconds_left(now);
    json::array reasons;
    for (const auto& r : outcome_.reasons) reasons.push_back(reason_json(r));
    json::object o{{"id", subject_.id},
                   {"room", subject_.room},
                   {"room_name", subject_.room_name},
                   {"started_by", or_null(subject_.started_by)},
                   {"attended_by", or_null(subject_.attended_by)},
                   {"scope", to_string(subject_.scope)},
                   {"state", to_string(state_)},
                   {"begin", to_iso8601(begin_wall_)},
                   {"end", nullptr},
                   {"minutes", subject_.minutes},
                   {"seconds_left", state_ == TestState::running ? std::round(std::max(0.0, left)) : 0.0},
                   {"verdict", nullptr},
                   {"reasons", std::move(reasons)},
                   {"measures", measures_json(m)},
                   {"confidence", confidence(m.observed_s / 60, m.stalls)},
                   {"qoe_version", qoe::kVersion},
                   {"playlist", subject_.playlist}};
    if (end_wall_) o["end"] = to_iso8601(*end_wall_);
    if (state_ != TestState::running) o["verdict"] = to_string(outcome_.verdict);
    return json::serialize(o);
}

Result<std::string> abort_stored(std::string_view text, WallTime now, const Reason& why) {
    const auto stored = parse_stored(text);
    if (!stored) return stored.error();
    auto o = json::parse(text).get_object();
    const auto* begin = o.if_contains("begin");
    const auto* minutes = o.if_contains("minutes");
    const auto began = begin && begin->is_string() ? parse_iso8601(begin->get_string()) : std::nullopt;
    if (!began || !minutes || !minutes->is_number()) return bad_record();
    const auto length = Milliseconds{static_cast<std::int64_t>(minutes->to_number<double>() * 60'000)};
    o["state"] = to_string(TestState::aborted);
    o["end"] = to_iso8601(std::max(*began, std::min(now, *began + length)));
    o["seconds_left"] = 0.0;
    o["verdict"] = to_string(Verdict::incomplete);
    o["reasons"] = json::array{reason_json(why)};
    return json::serialize(o);
}

Result<StoredTest> parse_stored(std::string_view text) {
    Error error;
    const auto root = json::parse(text, error);
    if (error || !root.is_object()) return bad_record();
    const auto member = [&](std::string_view name) -> std::optional<std::string> {
        const auto* v = root.get_object().if_contains(name);
        if (!v || !v->is_string()) return {};
        return std::string(v->get_string());
    };
    const auto id = member("id"), room = member("room");
    if (!id || !room) return bad_record();
    return StoredTest{*id, *room, member("end").value_or(""), member("verdict")};
}

}  // namespace tongke::livetest
