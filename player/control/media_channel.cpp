#include "player/control/media_channel.hpp"

#include <utility>

#include <boost/json.hpp>

#include "common/log/log.hpp"
#include "player/link/files.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

std::string to_json(const pull::UpstreamProgress& p, const std::optional<hls::Discontinuities>& d) {
    json::object object{{"run", p.run}, {"last_msn", p.last_msn}, {"msn_offset", p.msn_offset}};
    if (d)
        object["discontinuities"] = json::object{{"sequence", d->sequence}, {"at", json::value_from(d->at)}};
    return json::serialize(object);
}

std::optional<json::object> read_object(const std::filesystem::path& path) {
    const auto text = read_whole(path.string());
    if (!text) return std::nullopt;
    Error error;
    auto value = json::parse(*text, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

std::optional<pull::UpstreamProgress> read_progress(const std::filesystem::path& path) {
    const auto object = read_object(path);
    const auto* run = object ? object->if_contains("run") : nullptr;
    const auto* last = object ? object->if_contains("last_msn") : nullptr;
    const auto* offset = object ? object->if_contains("msn_offset") : nullptr;
    if (!run || !run->is_string() || !last || !last->is_int64() || !offset || !offset->is_int64())
        return std::nullopt;
    return pull::UpstreamProgress{std::string{run->get_string()}, last->get_int64(), offset->get_int64()};
}

std::optional<hls::Discontinuities> read_discontinuities(const std::filesystem::path& path) {
    const auto file = read_object(path);
    const auto* value = file ? file->if_contains("discontinuities") : nullptr;
    const auto* object = value ? value->if_object() : nullptr;
    const auto* sequence = object ? object->if_contains("sequence") : nullptr;
    const auto* at = object ? object->if_contains("at") : nullptr;
    if (!sequence || !sequence->is_int64() || !at || !at->is_array()) return std::nullopt;
    hls::Discontinuities read{sequence->get_int64(), {}};
    for (const auto& msn : at->get_array())
        if (msn.is_int64()) read.at.push_back(msn.get_int64());
    return read;
}

pull::UpstreamConfig upstream_config(const ChannelOptions& options) {
    const auto source = options.source();
    pull::UpstreamConfig config;
    config.urls = source.urls;
    config.stream = source.stream;
    config.start_back_seconds = options.latency_seconds + 8;
    config.ca_file = options.ca_file;
    config.token = [token = options.token](std::string_view) { return token ? token() : std::string(); };
    config.progress = read_progress(options.progress_file);
    return config;
}

}  // namespace

MediaChannel::MediaChannel(boost::asio::io_context& io, const Clock& clock, ChannelOptions options)
    : io_(io),
      clock_(clock),
      options_(std::move(options)),
      presentation_({.latency_seconds = options_.latency_seconds,
                     .earlier = read_discontinuities(options_.progress_file)}) {}

MediaChannel::~MediaChannel() = default;

void MediaChannel::want(bool pull) {
    wanted_ = pull;
    settle();
}

void MediaChannel::begin_anew() {
    if (!wanted_ || !running_) return;
    wanted_ = false;
    settle();
    wanted_ = true;  // settled again when the old pull has ended
}

void MediaChannel::settle() {
    if (stopping_ || wanted_ == running_) return;
    if (wanted_) {
        running_ = true;
        first_live_msn_.reset();
        reference_.reset();
        if (!upstream_) {
            auto config = upstream_config(options_);
            stream_ = config.stream;
            upstream_ = std::make_unique<pull::Upstream>(io_, clock_, std::move(config), *this);
        }
        upstream_->start(options_.begin_back ? std::optional{options_.begin_back()} : std::nullopt);
        return;
    }
    stopping_ = true;
    upstream_->stop([this, alive = std::weak_ptr{alive_}] {
        if (alive.expired()) return;
        stopping_ = running_ = false;
        if (ended_)
            std::exchange(on_stopped_, {})();
        else
            settle();
    });
}

void MediaChannel::stop(std::function<void()> stopped) {
    ended_ = true;
    wanted_ = false;
    presentation_.release_waiting();
    on_stopped_ = std::move(stopped);
    if (!running_ && !stopping_) return std::exchange(on_stopped_, {})();
    settle();
}

void MediaChannel::answer(const http::Request& request, std::string_view path, http::Reply reply) {
    hls::Delivery delivery;
    delivery.caching = hls::Caching::none;
    presentation_.answer(request, path, delivery, clock_.now(), std::move(reply));
}

pull::UpstreamStatus MediaChannel::status() const {
    return upstream_ ? upstream_->status() : pull::UpstreamStatus{};
}
pull::UpstreamCounters MediaChannel::counters() const {
    return upstream_ ? upstream_->counters() : pull::UpstreamCounters{};
}

void MediaChannel::tick() { presentation_.expire(clock_.now()); }

std::optional<double> MediaChannel::node_buffer(SteadyTime now) const {
    return reference_ && running_ ? reference_->buffer(now) : std::nullopt;
}

double MediaChannel::target_seconds() const {
    if (presentation_.target_duration() == 0) return options_.latency_seconds;
    return presentation_.hold_back_seconds() - presentation_.target_duration();
}

hls::SharedSegment MediaChannel::stored_segment() const {
    const auto& listed = presentation_.listed();
    if (listed.size() < 4) return nullptr;
    return listed[listed.size() - 4].segment;
}

void MediaChannel::on_segment(hls::SharedSegment segment, const pull::SegmentArrival& arrival) {
    if (presentation_.add(segment, clock_.now()) != hls::AddResult::added) {
        log::warn("media", "{}: segment {} was not taken", stream_, segment->msn);
        return;
    }
    qoe::Piece piece;
    piece.msn = segment->msn;
    piece.begin_ms = segment->pdt_ms;
    piece.end_ms = segment->pdt_ms + segment->duration_us / 1000;
    piece.bytes = arrival.bytes;
    piece.node = arrival.last_byte;
    piece.not_at_relay = arrival.not_at_relay;
    piece.asked = arrival.asked;
    if (!segment->gap) ledger_.arrived(piece);
    follow_live(piece, arrival.stored && !arrival.not_at_relay);
}

/// The reference playhead and the virtual players begin with the first segment that came as it was made: what
/// is fetched afterwards at a pull's begin is late for no fault of the path.
void MediaChannel::follow_live(const qoe::Piece& piece, bool fetched_afterwards) {
    if (!first_live_msn_ && fetched_afterwards) return;
    if (!first_live_msn_) {
        first_live_msn_ = piece.msn;
        const std::chrono::duration<double> latency{presentation_.hold_back_seconds()};
        reference_.emplace(std::chrono::duration_cast<qoe::Micros>(latency));
    }
    reference_->arrived(piece.begin_ms, piece.end_ms, piece.node);
}

std::vector<qoe::Arrival> MediaChannel::live_arrivals(SteadyTime from) const {
    std::vector<qoe::Arrival> run;
    const auto micros = [](SteadyTime t) {
        return std::chrono::duration_cast<qoe::Micros>(t.time_since_epoch()).count();
    };
    if (!first_live_msn_) return run;
    for (const auto& piece : ledger_.pieces())
        if (piece.msn >= *first_live_msn_ && piece.node >= from)
            run.push_back({piece.begin_ms * 1000, piece.end_ms * 1000, micros(piece.node)});
    return qoe::in_media_order(std::move(run));
}

void MediaChannel::on_relay_answer(SteadyTime at, std::int64_t end_pdt_ms) {
    ledger_.relay_answered(at, end_pdt_ms);
}

void MediaChannel::on_lost(SteadyTime since, pull::LostReason reason) {
    ledger_.upstream_lost(since);
    if (on_lost_link) on_lost_link(since, reason);
}

void MediaChannel::on_back(SteadyTime at) {
    ledger_.upstream_back(at);
    if (on_back_link) on_back_link(at);
}

void MediaChannel::on_progress(const pull::UpstreamProgress& progress) {
    options_.on_disk(
        [path = options_.progress_file, text = to_json(progress, presentation_.discontinuities())] {
            if (const auto saved = write_whole(path.string(), text); !saved)
                log::warn("media", "{} cannot be written: {}", path.string(), saved.error().message());
        });
}

}  // namespace tongke::player
