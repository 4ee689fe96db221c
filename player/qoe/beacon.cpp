#include "player/qoe/beacon.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "common/base/error_category.hpp"

namespace tongke::qoe {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 13> kWords{
    "ok",           "too_large",  "not_json", "wrong_type",      "missing_member",         "bad_page_id",
    "bad_sequence", "bad_number", "too_many", "clock_went_back", "clock_ahead_of_sending", "clock_impossible",
    "unknown_name"};
constexpr std::array<std::string_view, 6> kMarks{"click",      "rights", "playlist",
                                                 "first_byte", "append", "first_frame"};

const char* words(BeaconError error) {
    switch (error) {
        case BeaconError::too_large: return "beacon batch is larger than 256 KiB; send smaller batches";
        case BeaconError::not_json: return "beacon batch is not a JSON object";
        case BeaconError::wrong_type: return "a member of the beacon batch has the wrong JSON type";
        case BeaconError::missing_member: return "a required member of the beacon batch is absent";
        case BeaconError::bad_page_id: return "page id must be 1 to 64 letters, digits, '-' or '_'";
        case BeaconError::bad_sequence: return "seq must be a whole number from 1";
        case BeaconError::bad_number:
            return "a number of the beacon batch is negative, not finite or too large";
        case BeaconError::too_many: return "too many samples, marks or fetches in one batch; split it";
        case BeaconError::clock_went_back: return "performance_now goes back inside the batch";
        case BeaconError::clock_ahead_of_sending: return "a time lies after sent_performance_now";
        case BeaconError::clock_impossible: return "the page claims more time than its lease has existed";
        case BeaconError::unknown_name: return "unknown purpose or mark name";
    }
    return nullptr;
}

constexpr double kMaxPageMs = 31.0 * 86400e3;  // a page open for a month
constexpr double kMaxMediaS = 1e9;
constexpr double kMaxCount = 1e12;
constexpr double kMaxBufferS = 3600;
constexpr double kMaxUnixMs = 4102444800000.0;  // the year 2100
constexpr std::size_t kMaxMarks = 32, kMaxFetches = 500;

// Reads members of one object; the first error sticks, so a parser checks once.
class Members {
  public:
    Members(const json::value& v, Error& error) : object_(v.if_object()), error_(error) {
        if (!object_) fail(BeaconError::wrong_type);
    }
    void fail(BeaconError e) {
        if (!error_) error_ = e;
    }
    const json::value* find(std::string_view name) const {
        return object_ ? object_->if_contains(name) : nullptr;
    }
    const json::value* need(std::string_view name) {
        const auto* v = find(name);
        if (!v) fail(BeaconError::missing_member);
        return v;
    }
    double number(std::string_view name, double most) {
        const auto* v = need(name);
        return v ? bounded(*v, most) : 0.0;
    }
    std::optional<double> maybe_number(std::string_view name, double most) {
        const auto* v = find(name);
        if (!v || v->is_null()) return {};
        return bounded(*v, most);
    }
    std::int64_t count(std::string_view name, double most = kMaxCount) {
        return std::llround(number(name, most));
    }
    bool flag(std::string_view name) {
        const auto* v = need(name);
        if (!v) return false;
        if (!v->is_bool()) fail(BeaconError::wrong_type);
        return v->is_bool() && v->as_bool();
    }
    std::string_view text(std::string_view name) {
        const auto* v = need(name);
        if (!v) return {};
        if (!v->is_string()) {
            fail(BeaconError::wrong_type);
            return {};
        }
        return v->get_string();
    }
    const json::array* list(std::string_view name, std::size_t most, bool required) {
        const auto* v = required ? need(name) : find(name);
        if (!v) return nullptr;
        const auto* array = v->if_array();
        if (!array) fail(BeaconError::wrong_type);
        if (array && array->size() > most) fail(BeaconError::too_many);
        return error_ ? nullptr : array;
    }

  private:
    double bounded(const json::value& v, double most) {
        auto x = 0.0;
        if (v.is_double())
            x = v.get_double();
        else if (v.is_int64())
            x = static_cast<double>(v.get_int64());
        else if (v.is_uint64())
            x = static_cast<double>(v.get_uint64());
        else
            fail(BeaconError::wrong_type);
        if (std::isfinite(x) && x >= 0 && x <= most) return x;
        fail(BeaconError::bad_number);
        return 0.0;
    }

    const json::object* object_;
    Error& error_;
};

Micros from_ms(double ms) { return Micros{std::llround(ms * 1000.0)}; }
Micros from_s(double s) { return Micros{std::llround(s * 1e6)}; }

Sample read_sample(const json::value& v, Error& error) {
    Members m(v, error);
    Sample s;
    s.at = from_ms(m.number("performance_now", kMaxPageMs));
    if (!m.find("media_time")) m.fail(BeaconError::missing_member);
    if (const auto t = m.maybe_number("media_time", kMaxMediaS)) s.media_time = from_s(*t);
    s.presented = m.count("presented");
    s.buffered_s = m.number("buffered", kMaxBufferS);
    s.visible = m.flag("visible");
    s.paused = m.flag("paused");
    s.current_time = from_s(m.number("current_time", kMaxMediaS));
    s.dropped = m.count("dropped");
    if (const auto pdt = m.maybe_number("media_pdt", kMaxUnixMs)) s.media_pdt = std::llround(*pdt);
    return s;
}

Mark read_mark(const json::value& v, Error& error) {
    Members m(v, error);
    const auto name = m.text("name");
    const auto at = std::find(kMarks.begin(), kMarks.end(), name);
    if (at == kMarks.end()) m.fail(BeaconError::unknown_name);
    return {static_cast<MarkName>(at == kMarks.end() ? 0 : at - kMarks.begin()),
            from_ms(m.number("performance_now", kMaxPageMs))};
}

Fetch read_fetch(const json::value& v, Error& error) {
    Members m(v, error);
    Fetch f;
    f.msn = m.count("msn");
    f.bytes = m.count("bytes");
    f.begin = from_ms(m.number("begin", kMaxPageMs));
    f.end = from_ms(m.number("end", kMaxPageMs));
    f.stored = m.flag("stored");
    if (f.end < f.begin) m.fail(BeaconError::clock_went_back);
    return f;
}

bool good_page_id(std::string_view id) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), good);
}

Error check_times(const BeaconBatch& b) {
    for (std::size_t i = 1; i < b.samples.size(); ++i)
        if (b.samples[i].at < b.samples[i - 1].at) return BeaconError::clock_went_back;
    const auto latest = b.sent + Micros{1000};  // browsers round the clock to a millisecond
    const auto late = [&](Micros t) { return t > latest; };
    if (!b.samples.empty() && late(b.samples.back().at)) return BeaconError::clock_ahead_of_sending;
    for (const auto& m : b.marks)
        if (late(m.at)) return BeaconError::clock_ahead_of_sending;
    for (const auto& f : b.fetches)
        if (late(f.end)) return BeaconError::clock_ahead_of_sending;
    return {};
}

BeaconBatch read_batch(const json::value& root, Error& error) {
    Members m(root, error);
    BeaconBatch b;
    b.page = m.text("page");
    if (!error && !good_page_id(b.page)) m.fail(BeaconError::bad_page_id);
    const auto purpose = m.text("purpose");
    if (!error && purpose != "lesson" && purpose != "test") m.fail(BeaconError::unknown_name);
    b.purpose = purpose == "test" ? Purpose::test : Purpose::lesson;
    const auto seq = m.number("seq", 1e9);
    if (!error && (seq < 1 || seq != std::floor(seq))) m.fail(BeaconError::bad_sequence);
    b.seq = std::llround(seq);
    b.sent = from_ms(m.number("sent_performance_now", kMaxPageMs));
    if (const auto* list = m.list("samples", kMaxSamples, true))
        for (const auto& v : *list) b.samples.push_back(read_sample(v, error));
    if (const auto* list = m.list("marks", kMaxMarks, false))
        for (const auto& v : *list) b.marks.push_back(read_mark(v, error));
    if (const auto* list = m.list("fetches", kMaxFetches, false))
        for (const auto& v : *list) b.fetches.push_back(read_fetch(v, error));
    if (!error) error = check_times(b);
    return b;
}

double to_ms(Micros t) { return static_cast<double>(t.count()) / 1000.0; }
double to_s(Micros t) { return static_cast<double>(t.count()) / 1e6; }

}  // namespace

const boost::system::error_category& beacon_category() {
    static const ErrorCategory<BeaconError> category{"beacon", words};
    return category;
}

std::string_view reason_word(const Error& e) {
    if (e.category() != beacon_category() || e.value() < 1 || e.value() >= static_cast<int>(kWords.size()))
        return "internal";
    return kWords[static_cast<std::size_t>(e.value())];
}

Result<BeaconBatch> parse_beacon_batch(std::string_view text) {
    if (text.size() > kMaxBeaconBytes) return Error{BeaconError::too_large};
    json::parse_options options;
    options.max_depth = 8;
    Error error;
    const auto root = json::parse(text, error, {}, options);
    if (error || !root.is_object()) return Error{BeaconError::not_json};
    auto batch = read_batch(root, error);
    if (error) return error;
    return batch;
}

std::string to_json(const BeaconBatch& b) {
    json::array samples, marks, fetches;
    for (const auto& s : b.samples) {
        json::object o{{"performance_now", to_ms(s.at)},
                       {"media_time", nullptr},
                       {"presented", s.presented},
                       {"buffered", s.buffered_s},
                       {"visible", s.visible},
                       {"paused", s.paused},
                       {"current_time", to_s(s.current_time)},
                       {"dropped", s.dropped}};
        if (s.media_time) o["media_time"] = to_s(*s.media_time);
        if (s.media_pdt) o["media_pdt"] = *s.media_pdt;
        samples.push_back(std::move(o));
    }
    for (const auto& m : b.marks)
        marks.push_back(
            {{"name", kMarks[static_cast<std::size_t>(m.name)]}, {"performance_now", to_ms(m.at)}});
    for (const auto& f : b.fetches)
        fetches.push_back({{"msn", f.msn},
                           {"bytes", f.bytes},
                           {"begin", to_ms(f.begin)},
                           {"end", to_ms(f.end)},
                           {"stored", f.stored}});
    json::object root{{"page", b.page},
                      {"purpose", b.purpose == Purpose::test ? "test" : "lesson"},
                      {"seq", b.seq},
                      {"sent_performance_now", to_ms(b.sent)},
                      {"samples", std::move(samples)}};
    if (!marks.empty()) root["marks"] = std::move(marks);
    if (!fetches.empty()) root["fetches"] = std::move(fetches);
    return json::serialize(root);
}

}  // namespace tongke::qoe
