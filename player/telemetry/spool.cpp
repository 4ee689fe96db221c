#include "player/telemetry/spool.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/log/log.hpp"
#include "player/telemetry/segment_log.hpp"

namespace tongke::telemetry {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPendingBound = 1000;  // records waiting for a disk that fails

// One line: a JSON header, a tab, the record's own JSON untouched. JSON text
// has no raw tab or newline in it.
std::string line_of(const SpoolRecord& r) {
    const json::object head{{"boot", r.boot},
                            {"seq", r.seq},
                            {"kind", r.kind == RecordKind::test ? "test" : "event"},
                            {"room", r.room},
                            {"key", r.key}};
    return json::serialize(head) + '\t' + r.json;
}

std::optional<SpoolRecord> record_of(std::string_view line) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos) return {};
    Error error;
    const auto head = json::parse(line.substr(0, tab), error);
    if (error || !head.is_object()) return {};
    const auto text = [&](std::string_view name) {
        const auto* v = head.get_object().if_contains(name);
        return v && v->is_string() ? std::string(v->get_string()) : std::string{};
    };
    const auto* seq = head.get_object().if_contains("seq");
    if (!seq || !(seq->is_int64() || seq->is_uint64())) return {};
    SpoolRecord r;
    r.boot = text("boot");
    r.seq = seq->is_int64() ? static_cast<std::uint64_t>(seq->get_int64()) : seq->get_uint64();
    r.kind = text("kind") == "test" ? RecordKind::test : RecordKind::event;
    r.room = text("room");
    r.key = text("key");
    r.json = line.substr(tab + 1);
    if (r.boot.empty() || r.seq == 0) return {};
    return r;
}

std::string id_of(const SpoolRecord& r) { return r.boot + ":" + std::to_string(r.seq); }

// The whole file or the old one, whatever happens meanwhile.
void replace_file(const fs::path& path, const std::string& text) {
    const auto fresh = path.string() + ".new";
    const auto fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) return;
    const auto written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const auto synced = written && ::fdatasync(fd) == 0;
    ::close(fd);
    // Losing it costs a repeated upload, which the relay recognises.
    if (synced) ::rename(fresh.c_str(), path.c_str());
}

}  // namespace

struct Spool::Impl : std::enable_shared_from_this<Spool::Impl> {
    struct Stored {
        SpoolRecord record;
        std::uint64_t file;
    };
    struct Pending {
        SpoolRecord record;
        Done done;
    };

    SpoolOptions options;
    Executor on_disk, on_io;
    SegmentLog log;             // the disk thread's, after start-up
    std::deque<Stored> stored;  // durable, oldest first
    std::deque<Pending> pending;
    std::size_t writing = 0;  // of pending, from the front
    bool saving_acknowledged = false, acknowledged_changed = false;
    std::map<std::string, std::uint64_t> acknowledged;
    std::set<std::string> keys;
    std::uint64_t next_seq = 1;
    std::uint64_t bytes = 0;
    Health health;
    bool stopping = false;
    std::function<void()> stopped;

    Impl(SpoolOptions o, Executor disk, Executor io)
        : options(std::move(o)),
          on_disk(std::move(disk)),
          on_io(std::move(io)),
          log(options.folder / "records", {.file_bytes = options.file_bytes}) {}

    fs::path acknowledged_path() const { return options.folder / "acknowledged.json"; }

    void load() {
        auto loaded = log.open();
        if (!loaded) throw std::runtime_error("cannot open the telemetry spool: " + loaded.error().message());
        health.torn = loaded->torn;
        health.corrupt = loaded->corrupt;
        for (auto& raw : loaded->records) {
            auto record = record_of(raw.text);
            if (!record) {
                ++health.corrupt;
                continue;
            }
            if (!record->key.empty()) keys.insert(record->key);
            stored.push_back({std::move(*record), raw.file});
        }
        bytes = log.bytes();
        load_acknowledged();
    }

    void load_acknowledged() {
        std::ifstream in(acknowledged_path());
        std::ostringstream text;
        text << in.rdbuf();
        Error error;
        const auto root = json::parse(text.str(), error);
        if (error || !root.is_object()) return;
        for (const auto& member : root.get_object())
            if (member.value().is_int64())
                acknowledged[std::string(member.key())] =
                    static_cast<std::uint64_t>(member.value().get_int64());
    }

    bool is_acknowledged(const SpoolRecord& r) const {
        const auto at = acknowledged.find(r.boot);
        return at != acknowledged.end() && r.seq <= at->second;
    }

    /// Makes room by dropping whole files whose records are all acknowledged.
    /// Returns the first file to keep; 0: nothing to drop.
    std::uint64_t make_room() {
        std::uint64_t keep = 0;
        while (bytes >= options.bound_bytes && !stored.empty()) {
            const auto oldest = stored.front().file;
            const auto of_it = [&](const Stored& s) { return s.file == oldest; };
            if (stored.back().file == oldest) break;  // the one being written
            if (std::any_of(stored.begin(), stored.end(),
                            [&](const Stored& s) { return of_it(s) && !is_acknowledged(s.record); }))
                break;
            std::uint64_t freed = 0;
            while (!stored.empty() && of_it(stored.front())) {
                freed += stored.front().record.json.size();
                keys.erase(stored.front().record.key);
                stored.pop_front();
            }
            bytes -= std::min(bytes, std::max(freed, options.file_bytes));
            keep = oldest + 1;
        }
        return keep;
    }

    void set_problem(std::string problem) {
        const auto changed = problem != health.problem;
        health.problem = std::move(problem);
        health.writable = health.problem.empty();
        if (!changed) return;
        if (health.writable)
            log::info("telemetry", "the spool can be written again");
        else
            log::error("telemetry", "the spool cannot be written: {}; {} records wait in memory",
                       health.problem, pending.size());
    }

    void flush() {
        if (writing > 0 || pending.empty()) return;
        const auto keep = make_room();
        if (bytes >= options.bound_bytes) return set_problem(Error{SpoolError::full}.message());
        std::vector<std::string> lines;
        for (const auto& p : pending) lines.push_back(line_of(p.record));
        writing = lines.size();
        on_disk([self = shared_from_this(), lines = std::move(lines), keep] {
            if (keep > 0) self->log.drop_below(keep);
            auto result = self->log.append(lines);
            self->on_io([self, result, size = self->log.bytes()] { self->written(result, size); });
        });
    }

    void written(const Result<std::uint64_t>& result, std::uint64_t log_bytes) {
        const auto count = std::exchange(writing, 0);
        bytes = log_bytes;
        if (!result) {
            set_problem(result.error().message());
            return finish_stop();
        }
        set_problem({});
        std::vector<std::pair<Done, std::uint64_t>> told;
        for (std::size_t i = 0; i < count; ++i) {
            auto& front = pending.front();
            told.emplace_back(std::move(front.done), front.record.seq);
            stored.push_back({std::move(front.record), *result});
            pending.pop_front();
        }
        flush();
        for (auto& [done, seq] : told)
            if (done) done(seq);
        finish_stop();
    }

    void save_acknowledged() {
        acknowledged_changed = true;
        if (saving_acknowledged) return;
        saving_acknowledged = true;
        acknowledged_changed = false;
        json::object root;
        for (const auto& [boot, seq] : acknowledged) root[boot] = seq;
        on_disk([self = shared_from_this(), text = json::serialize(root), path = acknowledged_path()] {
            replace_file(path, text);
            self->on_io([self] {
                self->saving_acknowledged = false;
                if (self->acknowledged_changed) self->save_acknowledged();
                self->finish_stop();
            });
        });
    }

    void forget_old_boots() {
        std::set<std::string> held{options.boot};
        for (const auto& s : stored) held.insert(s.record.boot);
        std::erase_if(acknowledged, [&](const auto& entry) { return held.count(entry.first) == 0; });
    }

    void finish_stop() {
        if (!stopping || writing > 0 || saving_acknowledged || !stopped) return;
        if (!pending.empty() && health.writable) return flush();
        std::exchange(stopped, nullptr)();
    }
};

Spool::Spool(SpoolOptions options, Executor on_disk, Executor on_io)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(on_disk), std::move(on_io))) {
    impl_->load();
}
Spool::~Spool() = default;

const std::string& Spool::boot() const { return impl_->options.boot; }

void Spool::append(RecordKind kind, std::string room, std::string key,
                   const std::function<std::string(std::uint64_t)>& make, Done done) {
    auto& m = *impl_;
    if (m.stopping || m.pending.size() >= kPendingBound) {
        ++m.health.refused;
        if (done) done(Error{m.stopping ? SpoolError::closed : SpoolError::full});
        return;
    }
    const auto seq = m.next_seq++;
    if (!key.empty()) m.keys.insert(key);
    m.pending.push_back(
        {{m.options.boot, seq, kind, std::move(room), std::move(key), make(seq)}, std::move(done)});
    m.flush();
}

void Spool::retry() { impl_->flush(); }

bool Spool::has_key(const std::string& key) const { return impl_->keys.count(key) > 0; }

std::optional<Spool::Batch> Spool::unacknowledged(std::size_t max_records, std::size_t max_bytes) const {
    std::optional<Batch> batch;
    std::size_t bytes = 0;
    for (const auto& s : impl_->stored) {
        if (impl_->is_acknowledged(s.record)) continue;
        if (!batch) batch = Batch{s.record.boot, s.record.seq, s.record.seq, {}};
        if (s.record.boot != batch->boot) break;
        bytes += s.record.json.size();
        if (batch->records.size() >= max_records || (bytes > max_bytes && !batch->records.empty())) break;
        batch->records.push_back(s.record);
        batch->last_seq = s.record.seq;
    }
    return batch;
}

void Spool::acknowledge(const std::string& boot, std::uint64_t seq) {
    auto& known = impl_->acknowledged[boot];
    if (seq <= known) return;
    known = seq;
    impl_->forget_old_boots();
    impl_->save_acknowledged();
}

std::size_t Spool::unacknowledged_count() const {
    // They are sent oldest first, so what is acknowledged comes before what is not.
    const auto first = std::partition_point(impl_->stored.begin(), impl_->stored.end(),
                                            [&](const auto& s) { return impl_->is_acknowledged(s.record); });
    return static_cast<std::size_t>(impl_->stored.end() - first) + impl_->pending.size();
}

bool Spool::is_cursor(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
    std::uint64_t seq = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), seq);
    return error == std::errc{} && end == text.data() + text.size();
}

Spool::Page Spool::after(const std::string& room, const std::string& cursor, RecordKind kind,
                         std::size_t max) const {
    const auto colon = cursor.rfind(':');
    std::uint64_t seq = 0;
    if (colon != std::string::npos)
        std::from_chars(cursor.data() + colon + 1, cursor.data() + cursor.size(), seq);
    const auto boot = colon == std::string::npos ? std::string{} : cursor.substr(0, colon);
    auto from = impl_->stored.begin();
    for (auto s = impl_->stored.begin(); s != impl_->stored.end(); ++s)
        if (!boot.empty() && s->record.boot == boot && s->record.seq <= seq) from = s + 1;
    Page page{.records = {}, .next = cursor};
    for (auto s = from; s != impl_->stored.end() && page.records.size() < max; ++s) {
        if (s->record.room != room || s->record.kind != kind) continue;
        page.records.push_back(s->record);
        page.next = id_of(s->record);
    }
    return page;
}

std::vector<SpoolRecord> Spool::all(RecordKind kind) const {
    std::vector<SpoolRecord> some;
    for (const auto& s : impl_->stored)
        if (s.record.kind == kind) some.push_back(s.record);
    return some;
}

Spool::Health Spool::health() const { return impl_->health; }

void Spool::stop(std::function<void()> stopped) {
    impl_->stopping = true;
    impl_->stopped = std::move(stopped);
    impl_->finish_stop();
}

}  // namespace tongke::telemetry
