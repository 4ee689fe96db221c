#include "player/qoe/replay.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <memory>

#include "common/base/error_category.hpp"
#include "common/time/format.hpp"
#include "player/qoe/room_monitor.hpp"
#include "player/qoe/virtual_player.hpp"

namespace tongke::qoe {

namespace json = boost::json;

namespace {

const char* words(ReplayError error) {
    switch (error) {
        case ReplayError::not_json: return "the line is not a JSON object";
        case ReplayError::no_header: return "the first line is not a recording's header";
        case ReplayError::wrong_version: return "the recording is of another format version";
        case ReplayError::unknown_record: return "the record's type is unknown";
        case ReplayError::bad_record:
            return "a member of the record is absent or out of range, or time went back";
        case ReplayError::line_too_long: return "the line is longer than 1 MiB";
    }
    return nullptr;
}

constexpr std::size_t kMaxLine = 1 << 20;
constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kMaxUs = 31LL * 86400 * 1'000'000;  // a month from the header's moment
constexpr std::int64_t kMaxUnixMs = 4102444800000;
// Time zero of a recording, far enough in for a month of page time before it.
constexpr SteadyTime kZero{std::chrono::hours{24 * 100}};
constexpr double kTarget = 8;

double to_s(Micros m) { return static_cast<double>(m.count()) / 1e6; }

class Replay {
  public:
    Error line(std::string_view text);
    std::string finish();
    bool begun() const { return begun_; }

  private:
    Error header(const json::object& o);
    Error segment(const json::object& o);
    Error answer(const json::object& o);
    Error upstream(const json::object& o);
    Error room(const json::object& o);
    Error beacons(const json::object& o);
    Error end(const json::object& o);
    RoomMonitor& monitor(const std::string& name);
    void put(const std::string& name, const RoomMonitor::Update& update);
    void write(json::object o) { out_ += json::serialize(o) + '\n'; }
    void virtual_stalls_of(double latency_s, const std::vector<Arrival>& run);

    std::int64_t number(const json::object& o, std::string_view name, std::int64_t least, std::int64_t most) {
        const auto* v = o.if_contains(name);
        if (v && v->is_int64() && v->get_int64() >= least && v->get_int64() <= most) return v->get_int64();
        good_ = false;
        return least;
    }
    std::string text(const json::object& o, std::string_view name) {
        const auto* v = o.if_contains(name);
        if (v && v->is_string() && v->get_string().size() <= 64) return std::string(v->get_string());
        good_ = false;
        return {};
    }
    SteadyTime at() const { return kZero + Micros{now_us_}; }
    std::string iso(SteadyTime t) const {
        return to_iso8601(zero_wall_ + std::chrono::round<Milliseconds>(t - kZero));
    }

    WallTime zero_wall_{};
    bool begun_ = false;
    bool good_ = true;
    std::int64_t now_us_ = 0;
    Ledger ledger_{20000};
    std::map<std::string, std::unique_ptr<RoomMonitor>> rooms_;
    std::string out_;
};

Error Replay::line(std::string_view text_line) {
    if (text_line.size() > kMaxLine) return ReplayError::line_too_long;
    Error error;
    json::parse_options options;
    options.max_depth = 12;
    const auto root = json::parse(text_line, error, {}, options);
    if (error || !root.is_object()) return ReplayError::not_json;
    const auto& o = root.get_object();
    good_ = true;
    const auto type = text(o, "type");
    if (!begun_) return type == "header" ? header(o) : Error{ReplayError::no_header};
    using Read = Error (Replay::*)(const json::object&);
    static const std::map<std::string, Read, std::less<>> kReaders{
        {"segment", &Replay::segment}, {"answer", &Replay::answer},   {"upstream", &Replay::upstream},
        {"room", &Replay::room},       {"beacons", &Replay::beacons}, {"finish", &Replay::end}};
    const auto reader = kReaders.find(type);
    if (reader == kReaders.end()) return ReplayError::unknown_record;
    now_us_ = number(o, "at_us", now_us_, kMaxUs);
    if (!good_) return ReplayError::bad_record;
    for (auto& [name, monitor] : rooms_) put(name, monitor->advance(at()));
    return (this->*reader->second)(o);
}

Error Replay::header(const json::object& o) {
    if (number(o, "format", 0, 1000) != kFormat) return ReplayError::wrong_version;
    const auto zero = parse_iso8601(text(o, "at_zero"));
    if (!good_ || !zero) return ReplayError::bad_record;
    zero_wall_ = *zero;
    begun_ = true;
    return {};
}

Error Replay::segment(const json::object& o) {
    Piece p;
    p.msn = number(o, "msn", 0, 1LL << 53);
    p.begin_ms = number(o, "begin_ms", 0, kMaxUnixMs);
    p.end_ms = number(o, "end_ms", 0, kMaxUnixMs);
    p.bytes = number(o, "bytes", 0, 1LL << 40);
    p.asked = kZero + Micros{number(o, "asked_us", 0, kMaxUs)};
    p.node = at();
    if (o.contains("relay_us")) p.relay = kZero + Micros{number(o, "relay_us", -kMaxUs, kMaxUs)};
    if (!good_ || p.end_ms <= p.begin_ms) return ReplayError::bad_record;
    ledger_.arrived(p);
    return {};
}

Error Replay::answer(const json::object& o) {
    const auto end = number(o, "end_ms", 0, kMaxUnixMs);
    if (!good_) return ReplayError::bad_record;
    ledger_.relay_answered(at(), end);
    return {};
}

Error Replay::upstream(const json::object& o) {
    const auto* lost = o.if_contains("lost");
    if (!lost || !lost->is_bool()) return ReplayError::bad_record;
    if (lost->get_bool())
        ledger_.upstream_lost(at());
    else
        ledger_.upstream_back(at());
    return {};
}

Error Replay::room(const json::object& o) {
    const auto name = text(o, "room");
    const auto* target = o.if_contains("target_s");
    const auto seconds = target && target->is_number() ? target->to_number<double>() : 0.0;
    if (!good_ || !(seconds > 0 && seconds <= 600) || rooms_.size() >= 1000) return ReplayError::bad_record;
    rooms_[name] = std::make_unique<RoomMonitor>(ledger_, at(), seconds);
    return {};
}

RoomMonitor& Replay::monitor(const std::string& name) {
    auto& monitor = rooms_[name];
    // A recording that begins in mid-lesson: anything up to a month old may belong to it.
    if (!monitor) monitor = std::make_unique<RoomMonitor>(ledger_, kZero - Micros{kMaxUs}, kTarget);
    return *monitor;
}

Error Replay::beacons(const json::object& o) {
    const auto name = text(o, "room");
    const auto* raw = o.if_contains("batch");
    if (!good_ || !raw || rooms_.size() >= 1000) return ReplayError::bad_record;
    const auto batch = parse_beacon_batch(json::serialize(*raw));
    if (!batch) return batch.error();
    const auto update = monitor(name).beacons(*batch, at());
    if (!update) return update.error();
    put(name, *update);
    return {};
}

Error Replay::end(const json::object& o) {
    const auto name = text(o, "room");
    if (!good_) return ReplayError::bad_record;
    const auto known = rooms_.find(name);
    if (known == rooms_.end()) return {};
    put(name, known->second->finish(at()));
    rooms_.erase(known);
    return {};
}

void Replay::put(const std::string& name, const RoomMonitor::Update& update) {
    static constexpr const char* kTypes[] = {"stall_begin", "stall_end", "freeze"};
    for (const auto& e : update.events) {
        json::object o{{"room", name},
                       {"type", kTypes[static_cast<int>(e.kind)]},
                       {"begin", iso(e.begin)},
                       {"end", nullptr},
                       {"seconds", nullptr},
                       {"class", nullptr},
                       {"hop", to_string(e.verdict.hop)},
                       {"share", nullptr},
                       {"qoe_version", kVersion}};
        if (e.end) o["end"] = iso(*e.end);
        if (e.length) o["seconds"] = to_s(*e.length);
        if (e.stall_class) o["class"] = to_string(*e.stall_class);
        if (e.verdict.share) o["share"] = std::round(*e.verdict.share * 1000) / 1000;
        write(std::move(o));
    }
}

void Replay::virtual_stalls_of(double latency_s, const std::vector<Arrival>& run) {
    const auto point = curve_point(run, latency_s);
    write({{"type", "virtual_player"},
           {"latency_s", latency_s},
           {"stalls", point.stalls},
           {"stalled_s", point.stalled_s},
           {"qoe_version", kVersion}});
}

std::string Replay::finish() {
    for (auto& [name, monitor] : rooms_) put(name, monitor->finish(at()));
    const auto run = arrivals_of(ledger_);
    if (run.empty()) return std::move(out_);
    for (const auto latency : kCurveLatencies) virtual_stalls_of(latency, run);
    write({{"type", "required_latency"},
           {"seconds", static_cast<double>(*required_latency_us(run)) / 1e6},
           {"qoe_version", kVersion}});
    return std::move(out_);
}

std::string record(json::object o) { return json::serialize(o) + '\n'; }

}  // namespace

const boost::system::error_category& replay_category() {
    static const ErrorCategory<ReplayError> category{"qoe_replay", words};
    return category;
}

boost::system::result<std::string, ReplayFailure> replay(std::string_view recording) {
    Replay run;
    std::size_t number = 0;
    while (!recording.empty()) {
        const auto end = recording.find('\n');
        const auto line = recording.substr(0, end);
        recording.remove_prefix(end == std::string_view::npos ? recording.size() : end + 1);
        ++number;
        if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
        if (const auto error = run.line(line)) return ReplayFailure{error, number};
    }
    if (!run.begun()) return ReplayFailure{ReplayError::no_header, number};
    return run.finish();
}

std::string record_header(WallTime at_zero) {
    return record({{"type", "header"},
                   {"format", kFormat},
                   {"at_zero", to_iso8601(at_zero)},
                   {"qoe_version", kVersion}});
}

std::string record_room(Micros at, std::string_view room, double target_s) {
    return record({{"type", "room"}, {"at_us", at.count()}, {"room", room}, {"target_s", target_s}});
}

std::string record_batch(Micros at, std::string_view room, const BeaconBatch& batch) {
    return record(
        {{"type", "beacons"}, {"at_us", at.count()}, {"room", room}, {"batch", json::parse(to_json(batch))}});
}

std::string record_segment(Micros at, const Piece& p, Micros asked) {
    return record({{"type", "segment"},
                   {"at_us", at.count()},
                   {"msn", p.msn},
                   {"begin_ms", p.begin_ms},
                   {"end_ms", p.end_ms},
                   {"bytes", p.bytes},
                   {"asked_us", asked.count()}});
}

std::string record_answer(Micros at, std::int64_t end_ms) {
    return record({{"type", "answer"}, {"at_us", at.count()}, {"end_ms", end_ms}});
}

std::string record_upstream(Micros at, bool lost) {
    return record({{"type", "upstream"}, {"at_us", at.count()}, {"lost", lost}});
}

std::string record_finish(Micros at, std::string_view room) {
    return record({{"type", "finish"}, {"at_us", at.count()}, {"room", room}});
}

}  // namespace tongke::qoe
