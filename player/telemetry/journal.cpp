#include "player/telemetry/journal.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

#include "player/telemetry/segment_log.hpp"

namespace tongke::telemetry {

namespace json = boost::json;

namespace {

constexpr std::size_t kWaitingBound = 2000;

std::string line_of(JournalRecord r) {
    // A newline in JSON can only be white space between tokens.
    std::replace_if(
        r.body.begin(), r.body.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return json::serialize(json::object{{"at", unix_ms(r.arrival)}, {"room", r.room}}) + '\t' + r.body;
}

std::optional<JournalRecord> record_of(std::string_view line) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos) return {};
    Error error;
    const auto head = json::parse(line.substr(0, tab), error);
    if (error || !head.is_object()) return {};
    const auto* at = head.get_object().if_contains("at");
    const auto* room = head.get_object().if_contains("room");
    if (!at || !at->is_int64() || !room || !room->is_string()) return {};
    return JournalRecord{from_unix_ms(at->get_int64()), std::string(room->get_string()),
                         std::string(line.substr(tab + 1))};
}

}  // namespace

struct Journal::Impl : std::enable_shared_from_this<Journal::Impl> {
    using Done = std::function<void(Result<void>)>;

    JournalOptions options;
    Executor on_disk, on_io;
    SegmentLog log;  // the disk thread's, after start-up
    std::vector<JournalRecord> recorded;
    std::deque<std::pair<JournalRecord, Done>> waiting;
    bool writing = false;
    std::map<std::uint64_t, WallTime> newest_in_file;
    std::uint64_t bytes = 0;
    bool stopping = false;
    std::function<void()> stopped;

    Impl(JournalOptions o, Executor disk, Executor io)
        : options(std::move(o)),
          on_disk(std::move(disk)),
          on_io(std::move(io)),
          log(options.folder, {.file_bytes = options.file_bytes}) {}

    void load() {
        auto loaded = log.open();
        if (!loaded) throw std::runtime_error("cannot open the beacon journal: " + loaded.error().message());
        for (const auto& raw : loaded->records) {
            auto record = record_of(raw.text);
            if (!record) continue;
            auto& newest = newest_in_file[raw.file];
            newest = std::max(newest, record->arrival);
            recorded.push_back(std::move(*record));
        }
        bytes = log.bytes();
    }

    /// The first file to keep: too old ones and those over the bound go.
    std::uint64_t first_kept(WallTime now) {
        std::uint64_t keep = 0;
        while (newest_in_file.size() > 1) {
            const auto oldest = newest_in_file.begin();
            const auto over = bytes > options.bound_bytes;
            if (!over && now - oldest->second <= options.keep) break;
            keep = oldest->first + 1;
            bytes -= std::min(bytes, options.file_bytes);
            newest_in_file.erase(oldest);
        }
        return keep;
    }

    void flush() {
        if (writing || waiting.empty()) return finish_stop();
        writing = true;
        auto batch = std::make_shared<std::deque<std::pair<JournalRecord, Done>>>(std::move(waiting));
        waiting.clear();
        const auto newest = batch->back().first.arrival;
        const auto keep = first_kept(newest);
        std::vector<std::string> lines;
        for (auto& [record, done] : *batch) lines.push_back(line_of(std::move(record)));
        on_disk([self = shared_from_this(), batch, lines = std::move(lines), keep, newest] {
            if (keep > 0) self->log.drop_below(keep);
            auto result = self->log.append(lines);
            self->on_io([self, batch, result, newest, size = self->log.bytes()] {
                self->writing = false;
                self->bytes = size;
                if (result) self->newest_in_file[*result] = newest;
                for (auto& [record, done] : *batch)
                    done(result ? Result<void>{} : Result<void>{result.error()});
                self->flush();
            });
        });
    }

    void finish_stop() {
        if (stopping && !writing && stopped) std::exchange(stopped, nullptr)();
    }
};

Journal::Journal(JournalOptions options, Executor on_disk, Executor on_io)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(on_disk), std::move(on_io))) {
    impl_->load();
}
Journal::~Journal() = default;

std::vector<JournalRecord> Journal::take_recorded() { return std::exchange(impl_->recorded, {}); }

void Journal::append(JournalRecord record, std::function<void(Result<void>)> done) {
    if (impl_->stopping || impl_->waiting.size() >= kWaitingBound)
        return done(Error{impl_->stopping ? SpoolError::closed : SpoolError::full});
    impl_->waiting.emplace_back(std::move(record), std::move(done));
    impl_->flush();
}

void Journal::stop(std::function<void()> stopped) {
    impl_->stopping = true;
    impl_->stopped = std::move(stopped);
    impl_->flush();
}

}  // namespace tongke::telemetry
