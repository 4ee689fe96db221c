#include "relay/session/session.hpp"

#include <array>

#include "common/log/sparse.hpp"
#include "relay/session/player.hpp"
#include "relay/session/publisher_role.hpp"

namespace tongke::relay {
namespace {

namespace asio = boost::asio;

// One turn reads no more than this, so that a burst does not hold up the others.
constexpr std::size_t kReadPerTurn = 512 * 1024;
// More than comes while a publisher that is read by the clock is not read; the kernel makes room for twice
// this.
constexpr int kGathered = 256 * 1024;
// Of answers to a peer that asks and does not read; a whole conversation is a hundredth of it.
constexpr std::size_t kUnreadAnswers = 64 * 1024;
// Others connect at the same time.
constexpr double kWindowRoom = 1.25;
// Rooms live on what is buffered meanwhile.
constexpr Milliseconds kLongestWindow{5000};
// Less of a change is not worth telling.
constexpr Milliseconds kWindowStep{100};
// Half a sweep less than 5 s, which is what it comes to.
constexpr Milliseconds kLookEvery{4500};
// How long a peer may take to read our last words.
constexpr std::chrono::seconds kLinger{2};

std::array<std::uint8_t, 64 * 1024>& read_buffer() {
    thread_local std::array<std::uint8_t, 64 * 1024> buffer;
    return buffer;
}

}  // namespace

Milliseconds reconnect_window(std::size_t connections, double accepts_per_second) {
    const auto seconds = kWindowRoom * static_cast<double>(connections) / std::max(accepts_per_second, 1.0);
    return std::min(Milliseconds{static_cast<std::int64_t>(seconds * 1000)}, kLongestWindow);
}

Session::Session(SessionContext& context, Channel channel, std::uint64_t number)
    : context_(context),
      number_(number),
      channel_(std::move(channel)),
      rtmp_(number),
      peer_(net::peer_address(channel_.socket())),
      since_(context.hub.clock().now()),
      last_read_(since_),
      last_progress_(since_),
      last_ping_(since_),
      last_look_(since_) {}

Session::~Session() = default;

async::Task<> Session::run([[maybe_unused]] std::shared_ptr<Session> self) {
    bool rests = false;
    while (channel_.socket().is_open()) {
        if (auto* rest = publisher_ ? publisher_->rest() : nullptr) {
            if (!std::exchange(rests, true)) wake_from(kGathered);
            co_await rest->async_wait(async::as_result);
        } else {
            if (std::exchange(rests, false)) wake_from(1);
            const auto [error] =
                co_await channel_.socket().async_wait(async::TcpSocket::wait_read, async::as_result);
            if (error && !ended()) end(EndReason::internal, error.message());
            if (error && error != asio::error::operation_aborted) close_socket();
        }
        if (channel_.socket().is_open()) read_available();
    }
    if (!ended()) end(EndReason::internal, "cancelled");
}

/// How much must have come before the kernel wakes this thread for it.
void Session::wake_from(int bytes) {
    Error ignored;
    channel_.socket().set_option(asio::socket_base::receive_low_watermark(bytes), ignored);
}

void Session::read_available() {
    auto& buffer = read_buffer();
    std::size_t total = 0;
    while (total < kReadPerTurn && channel_.socket().is_open()) {
        Error error;
        const auto count = channel_.read_some(buffer, error);
        if (error == asio::error::would_block) break;
        if (error) {
            end(EndReason::peer_closed);
            return close_socket();
        }
        total += count;
        if (ended()) continue;  // lingering: what still comes is of no interest
        last_read_ = context_.hub.clock().now();
        take(rtmp_.feed({buffer.data(), count}));
        if (!ended()) bound_answers();
    }
    if (!ended()) pump();
    // What has been decrypted already makes the socket readable no more.
    if (total >= kReadPerTurn && channel_.socket().is_open() && channel_.holds_input())
        context_.hub.workers().post(context_.worker, [self = shared_from_this()] { self->read_available(); });
}

void Session::bound_answers() {
    if (unsent_answers() <= kUnreadAnswers) return;
    pump();
    if (!ended() && unsent_answers() > kUnreadAnswers) end(EndReason::slow_consumer, "reads no answers");
}

Bytes Session::take_answers() {
    auto answers = rtmp_.take_output();
    answers.erase(answers.begin(), answers.begin() + static_cast<std::ptrdiff_t>(output_sent_));
    output_sent_ = 0;
    return answers;
}

void Session::take(std::vector<rtmp::ServerEvent> events) {
    for (auto& event : events) {
        if (ended()) return;
        std::visit([this](auto& e) { on(e); }, event);
    }
    if (publisher_) publisher_->deliver();
}

void Session::on(const rtmp::Connected& event) { client_ = event.client; }

void Session::on(rtmp::PublishRequested& event) {
    what_ = "publish " + event.request.stream;
    if (!well_named(event.request)) {
        rtmp_.refuse_publish("NetStream.Publish.BadName", "streams are published to /live/NAME");
        return end(EndReason::stream_not_found);
    }
    PublishRequest ask{event.request.stream, event.request.query.find("key").value_or(""), peer_};
    context_.authoriser.authorise_publish(
        std::move(ask),
        later([event](Session& session, const PublishGrant& grant) { session.granted(event, grant); }));
}

void Session::granted(const rtmp::PublishRequested& request, const PublishGrant& grant) {
    auto* stream = context_.hub.find(request.request.stream);
    if (!grant.allowed || !stream) {
        context_.metrics.refused(grant.allowed ? "unknown_stream" : grant.reason);
        rtmp_.refuse_publish("NetStream.Publish.BadName", "this key may not publish this stream");
        return end(EndReason::auth_rejected, grant.reason);
    }
    PublisherInfo who{peer_, client_, grant.backup, context_.hub.clock().wall()};
    auto replaced = later([](Session& session) { session.end(EndReason::replaced); });
    auto begun = [weak = weak_from_this(), stream, &context = context_](Publication publication) {
        const auto self = weak.lock();
        if (!self || self->ended()) {
            stream->post([publication](Stream& s) { s.end(publication.id); });
            return;
        }
        if (publication.refusal == PublishRefusal::two_encoders) {
            context.metrics.refused("two_encoders");
            self->rtmp_.refuse_publish("NetStream.Publish.BadName",
                                       "another encoder publishes this stream with the same key");
            return self->end(EndReason::two_encoders);
        }
        auto& socket = self->channel_.socket();
        self->publisher_ = std::make_unique<PublisherRole>(*stream, publication.id, socket.get_executor());
        self->context_.anteroom.leave(self->number_);
        log::info("rtmp", "{} {}: accepted", self->peer_, self->what_);
        self->take(self->rtmp_.accept_publish());
        self->pump();
    };
    stream->post(
        [who, replaced, begun, &workers = context_.hub.workers(), worker = context_.worker](Stream& s) {
            const auto publication = s.begin(who, replaced);
            workers.post(worker, [begun, publication] { begun(publication); });
        });
}

void Session::on(rtmp::PlayRequested& event) {
    what_ = "play " + event.request.stream;
    if (!well_named(event.request)) {
        rtmp_.refuse_play("NetStream.Play.StreamNotFound", "streams are played from /live/NAME");
        return end(EndReason::stream_not_found);
    }
    PlayRequest ask{event.request.stream, event.request.query.find("token").value_or(""), peer_};
    context_.authoriser.authorise_play(
        std::move(ask),
        later([event](Session& session, const PlayGrant& grant) { session.granted(event, grant); }));
}

void Session::granted(const rtmp::PlayRequested& request, const PlayGrant& grant) {
    if (!grant.allowed) {
        context_.metrics.refused(grant.reason);
        rtmp_.refuse_play("NetStream.Play.Failed", "this token may not play this stream");
        return end(EndReason::auth_rejected, grant.reason);
    }
    auto* stream = context_.hub.find(request.request.stream);
    if (!stream) {
        rtmp_.refuse_play("NetStream.Play.StreamNotFound", "there is no such stream");
        return end(EndReason::stream_not_found);
    }
    if (!grant.subject.empty()) what_ += " by " + grant.subject;
    stream_ = request.request.stream;
    node_ = grant.subject;
    auto& view = *context_.hub.view(context_.worker, request.request.stream);
    player_ = std::make_unique<Player>(*this, *stream, view, grant.leave_at);
    context_.anteroom.leave(number_);
    player_->join(request.resume);
}

void Session::on(rtmp::MediaReceived& event) {
    if (!publisher_) return;
    if (!publisher_->on_media(std::move(event), last_read_, context_.metrics))
        end(EndReason::protocol_error, "nothing but faulty frames");
}

void Session::on(const rtmp::UnsupportedMedia& event) {
    if (!publisher_) return;
    context_.metrics.refused("unsupported_codec");
    rtmp_.refuse_publish("NetStream.Publish.Failed", event.codec + " is not carried: publish H.264 and AAC");
    end(EndReason::unsupported_codec, event.codec);
}

void Session::on(const rtmp::StreamClosed&) {
    // GStreamer 1.22 rtmp2sink takes a close from our side, before its own, for a broken connection.
    peer_closes_ = true;
    end(EndReason::peer_closed);
}

void Session::on(const rtmp::Ended& event) {
    const auto& category = event.reason.category();
    const bool ours = category == rtmp::make_error_code(rtmp::Errc::not_rtmp).category();
    context_.metrics.refused(ours ? std::string(rtmp::label(static_cast<rtmp::Errc>(event.reason.value())))
                                  : "protocol");
    end(EndReason::protocol_error, event.reason.message());
}

/// One application, "live"; some clients leave a slash behind it.
bool Session::well_named(const rtmp::StreamRequest& request) const {
    return request.app == "live" || request.app == "live/";
}

void Session::pump() {
    while (!waiting_writable_ && channel_.socket().is_open()) {
        const auto bytes = next_bytes();
        Error error;
        if (bytes.empty()) {
            channel_.flush(error);
            if (error == asio::error::would_block) return wait_writable();
            if (ended() && !peer_closes_) finish_sending();
            if (player_ && player_->started() && !ended() && !channel_.is_tls())
                player_->send_directly_to(channel_.socket().native_handle());
            last_progress_ = context_.hub.clock().now();
            return;
        }
        const auto count = channel_.write_some(bytes, error);
        if (error == asio::error::in_progress) return;
        if (error == asio::error::would_block) return wait_writable();
        if (error) return end(EndReason::peer_closed), close_socket();
        last_progress_ = context_.hub.clock().now();
        context_.sent_bytes += count;
        sent(count);
    }
}

/// A player's bytes go through its cursor, so that they enter at a frame's edge;
/// before and after that they are sent as the protocol makes them.
ByteView Session::next_bytes() {
    if (ended()) return ByteView{last_words_}.subspan(last_words_sent_);
    if (player_ && player_->started()) return player_->next_bytes();
    return ByteView{rtmp_.output()}.subspan(output_sent_);
}

void Session::sent(std::size_t count) {
    if (ended()) {
        last_words_sent_ += count;
        return;
    }
    if (player_ && player_->started()) return player_->sent(count);
    output_sent_ += count;
    if (output_sent_ == rtmp_.output().size()) {
        rtmp_.take_output();
        output_sent_ = 0;
    } else if (output_sent_ > kUnreadAnswers) {
        // A peer that is never quite through would otherwise have all that it read pile up.
        rtmp_.output() = take_answers();
    }
}

void Session::wait_writable() {
    waiting_writable_ = true;
    if (player_ && player_->sends_directly()) {
        last_progress_ = context_.hub.clock().now();  // until now it took what there was
        player_->send_directly_to(-1);
    }
    channel_.socket().async_wait(async::TcpSocket::wait_write, [self = shared_from_this()](Error error) {
        self->waiting_writable_ = false;
        if (!error) self->pump();
    });
}

void Session::sweep(SteadyTime now, WallTime wall) {
    const auto& limits = context_.limits;
    if (ended()) {
        if (now - *ended_at_ >= kLinger) close_socket();
        return;
    }
    if (!has_role()) {
        if (now - since_ >= limits.handshake) end(EndReason::idle_timeout, "neither publish nor play");
        return;
    }
    if (publisher_ && now - last_read_ >= limits.publisher_idle) return end(EndReason::idle_timeout);
    if (waiting_writable_ && now - last_progress_ >= limits.write_stall) return end(EndReason::slow_consumer);
    if (now - last_ping_ >= limits.ping_every) {
        last_ping_ = now;
        rtmp_.send_ping(static_cast<std::uint32_t>(
            std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count()));
        if (player_ && player_->started()) tell_reconnect_window();
        pump();
    }
    if (player_ && !ended() && now - last_look_ >= kLookEvery) look_at_line(now);
    if (player_ && !ended()) player_->sweep(now, wall);
}

void Session::wait_for_turn() {
    context_.joins->wait([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->ended()) return;
        self->player_->take_turn();
        self->pump();
    });
}

void Session::look_at_line(SteadyTime now) {
    last_look_ = now;
    const auto tcp = net::tcp_info(channel_.socket().native_handle());
    if (!tcp) return;
    context_.metrics.looked(*tcp, player_->unsent(),
                            tcp->retransmits - std::exchange(retransmits_, tcp->retransmits));
}

std::optional<SubscriberInfo> Session::subscriber(std::string_view stream) {
    if (ended() || !player_ || stream_ != stream) return std::nullopt;
    SubscriberInfo info;
    info.node = node_;
    info.address = peer_;
    info.client = client_;
    info.tls = channel_.is_tls();
    const auto age = context_.hub.clock().now() - since_;
    info.since = context_.hub.clock().wall() - std::chrono::duration_cast<Milliseconds>(age);
    info.sent_bytes = player_->sent_bytes();
    info.frames = player_->frames();
    info.skipped_frames = player_->skipped();
    info.tcp = net::tcp_info(channel_.socket().native_handle());
    info.unsent_bytes = player_->unsent() + (info.tcp ? info.tcp->unsent_bytes : 0);
    return info;
}

Milliseconds Session::window_of_its_kind() const {
    const auto rate = context_.limits.accepts_per_second * (channel_.is_tls() ? kTlsShare : 1);
    return reconnect_window(context_.connections, rate);
}

void Session::tell_reconnect_window() {
    const auto window = window_of_its_kind();
    const auto change = window > told_window_ ? window - told_window_ : told_window_ - window;
    if (!rtmp_.can_reconnect() || change < kWindowStep) return;
    told_window_ = window;
    rtmp_.send_reconnect_window(window);
}

Milliseconds Session::ask_to_reconnect(Milliseconds least) {
    if (ended() || leaving_ || !player_ || !player_->started() || !rtmp_.can_reconnect()) return {};
    const auto within = std::max(window_of_its_kind(), least);
    leaving_ = true;
    context_.leaving.asked();
    rtmp_.send_reconnect_request("the relay is about to stop", within);
    pump();
    return within;
}

void Session::end(EndReason reason, const std::string& detail) {
    if (ended()) return;
    if (std::exchange(leaving_, false)) context_.leaving.gone();
    // Who has not read so much will not read the last of it either.
    if (unsent_answers() > kUnreadAnswers) take_answers();
    last_words_ = player_ && player_->started() ? player_->last_words() : take_answers();
    log_end(reason, detail);
    context_.metrics.ended(reason);
    ended_at_ = context_.hub.clock().now();
    if (player_) {
        player_->send_directly_to(-1);
        player_->leave();
    }
    publisher_.reset();
    pump();
}

void Session::stop(EndReason reason) {
    end(reason);
    close_socket();
}

void Session::finish_sending() {
    if (!std::exchange(finished_, true)) channel_.finish();
}

void Session::close_socket() {
    Error ignored;
    channel_.socket().close(ignored);
}

void Session::log_end(EndReason reason, const std::string& detail) const {
    if (what_.empty()) {
        // Who never got as far as asking for a stream is not worth a line each.
        if (reason != EndReason::peer_closed && reason != EndReason::server_stopping)
            log::sparse(log::Level::warn, "rtmp", text(reason),
                        "{}: closed before it asked for a stream: {}{}{}", peer_, text(reason),
                        detail.empty() ? "" : ": ", detail);
        return;
    }
    const auto seconds = std::chrono::duration<double>(context_.hub.clock().now() - since_).count();
    const auto frames = player_ ? player_->frames() : publisher_ ? publisher_->frames() : 0;
    const auto skipped = player_ ? player_->skipped() : 0;
    const auto line = fmt::format("{} {}: closed: {} after {:.0f}s, {} frames, {} skipped{}{}", peer_, what_,
                                  text(reason), seconds, frames, skipped, detail.empty() ? "" : ": ", detail);
    const bool someone_should_look =
        reason == EndReason::auth_rejected || reason == EndReason::protocol_error ||
        reason == EndReason::two_encoders || reason == EndReason::slow_consumer ||
        reason == EndReason::unsupported_codec;
    log::write(someone_should_look ? log::Level::warn : log::Level::info, "rtmp", line);
}

}  // namespace tongke::relay
