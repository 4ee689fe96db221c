#include "player/telemetry/uploader.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "common/log/log.hpp"
#include "common/time/format.hpp"

namespace tongke::telemetry {

namespace json = boost::json;

namespace {
constexpr std::size_t kBatchRecords = 200;
}

Result<Acknowledgement> parse_acknowledgement(std::string_view text) {
    const auto bad = boost::system::errc::make_error_code(boost::system::errc::bad_message);
    if (text.size() > 65536) return bad;
    Error error;
    const auto root = json::parse(text, error);
    if (error || !root.is_object()) return bad;
    Acknowledgement ack;
    if (const auto* window = root.get_object().if_contains("window_s"); window && window->is_number())
        ack.window_s = window->to_number<double>();
    const auto* done = root.get_object().if_contains("acknowledged");
    if (!done) return bad;
    if (done->is_null()) return ack;
    if (!done->is_object()) return bad;
    const auto* boot = done->get_object().if_contains("boot");
    const auto* seq = done->get_object().if_contains("seq");
    if (!boot || !boot->is_string() || !seq || !seq->is_int64() || seq->get_int64() < 0) return bad;
    ack.boot = boot->get_string();
    ack.seq = static_cast<std::uint64_t>(seq->get_int64());
    return ack;
}

std::string upload_body(std::string_view node, std::string_view boot,
                        const std::optional<Spool::Batch>& batch, std::string_view sent_at,
                        std::string_view rooms, std::string_view upstream) {
    std::string events, tests;
    if (batch) {
        for (const auto& r : batch->records) {
            auto& list = r.kind == RecordKind::test ? tests : events;
            if (!list.empty()) list += ',';
            list += r.json;
        }
    }
    const auto text = [](std::string_view s) { return json::serialize(json::string(s)); };
    std::string body = "{\"node\":" + text(node) + ",\"boot\":" + text(batch ? batch->boot : boot) +
                       ",\"seq_from\":" + std::to_string(batch ? batch->first_seq : 0) +
                       ",\"seq_to\":" + std::to_string(batch ? batch->last_seq : 0) +
                       ",\"sent_at\":" + text(sent_at) + ",\"rooms\":";
    body.append(rooms).append(",\"upstream\":").append(upstream);
    body.append(",\"events\":[").append(events).append("],\"tests\":[").append(tests).append("]}");
    return body;
}

struct Uploader::Impl : std::enable_shared_from_this<Uploader::Impl> {
    Spool& spool;
    const Clock& clock;
    UploaderPorts ports;
    UploadSchedule schedule;
    bool running = false;
    bool reached = false;
    std::size_t batch_records = kBatchRecords;
    std::optional<SteadyTime> last_success;

    Impl(Spool& s, const Clock& c, UploaderPorts p)
        : spool(s), clock(c), ports(std::move(p)), schedule(ports.random) {}

    void arm() {
        const auto due = schedule.due();
        if (!running || !due) return;
        const auto delay = std::chrono::ceil<Milliseconds>(*due - clock.now());
        ports.wait(std::max(Milliseconds{0}, delay), [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->tick();
        });
    }

    void tick() {
        if (!running || schedule.in_flight()) return;
        if (*schedule.due() > clock.now()) return arm();
        spool.retry();
        const auto node = ports.node();
        schedule.started(clock.now());
        if (node.empty()) {
            schedule.succeeded(clock.now(), {}, false);
            return arm();
        }
        auto batch = spool.unacknowledged(batch_records);
        auto body =
            upload_body(node, spool.boot(), batch, to_iso8601(clock.wall()), ports.rooms(), ports.upstream());
        ports.post(std::move(body), [weak = weak_from_this(), batch = std::move(batch)](auto answer) {
            if (const auto self = weak.lock()) self->answered(answer, batch);
        });
    }

    void answered(const Result<UploaderPorts::Answer>& answer, const std::optional<Spool::Batch>& batch) {
        if (!running) return;
        const auto why = take(answer, batch);
        const auto now = clock.now();
        if (why.empty()) {
            if (!reached && schedule.failures() > 0) log::info("telemetry", "the relay is reached again");
            reached = true;
            last_success = now;
        } else {
            if (reached || schedule.failures() == 0) log::warn("telemetry", "upload failed: {}", why);
            reached = false;
            schedule.failed(now, answer ? answer->retry_after_s : std::nullopt);
        }
        arm();
    }

    /// Empty when all went well, else why not.
    std::string take(const Result<UploaderPorts::Answer>& answer, const std::optional<Spool::Batch>& batch) {
        if (!answer) return answer.error().message();
        if (answer->status == 413) batch_records = std::max<std::size_t>(1, batch_records / 2);
        if (answer->status != 200) return "the relay answered " + std::to_string(answer->status);
        const auto ack = parse_acknowledgement(answer->body);
        if (!ack) return "the relay's answer is not an acknowledgement";
        if (batch) {
            // Only what was in this very batch: an answer cannot acknowledge what it has not seen.
            if (ack->boot != batch->boot || ack->seq < batch->first_seq)
                return "the relay did not acknowledge";
            spool.acknowledge(batch->boot, std::min(ack->seq, batch->last_seq));
            batch_records = std::min(kBatchRecords, batch_records * 2);
        }
        schedule.succeeded(clock.now(), ack->window_s, batch && spool.unacknowledged(1).has_value());
        return {};
    }
};

Uploader::Uploader(Spool& spool, const Clock& clock, UploaderPorts ports)
    : impl_(std::make_shared<Impl>(spool, clock, std::move(ports))) {}
Uploader::~Uploader() { stop(); }

void Uploader::start() {
    impl_->running = true;
    impl_->schedule.begin(impl_->clock.now());
    impl_->arm();
}

void Uploader::news() {
    if (!impl_->running) return;
    impl_->schedule.news(impl_->clock.now());
    impl_->arm();
}

void Uploader::stop() {
    if (!std::exchange(impl_->running, false)) return;
    impl_->ports.wait(Milliseconds{0}, {});
}

bool Uploader::reached_relay() const { return impl_->reached; }
std::optional<SteadyTime> Uploader::last_success() const { return impl_->last_success; }

}  // namespace tongke::telemetry
