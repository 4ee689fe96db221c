#include "relay/session/player.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <utility>

#include "common/log/sparse.hpp"
#include "relay/stream/preface.hpp"

namespace tongke::relay {
namespace {

// More of its own than this a cursor does not take on: the rest waits in the session, which bounds it.
constexpr std::size_t kOwnBytes = 64 * 1024;
// Who lacks no more than this keeps up: less than half a second of a lesson.
constexpr std::uint64_t kKeepsUp = 128 * 1024;
// What a player gets at once, behind its first frame, and then with each turn (JoinQueue).
constexpr std::size_t kFirstSlice = 64 * 1024;
constexpr std::size_t kSlice = 128 * 1024;

}  // namespace

Player::Player(Session& session, Stream& stream, StreamView& view, std::optional<WallTime> leave_at)
    : worker_sent_bytes_(session.context().sent_bytes),
      view_(view),
      session_(session),
      stream_(stream),
      leave_at_(leave_at) {
    view_.attach(*this);
    stream_.count_subscriber(Transport::rtmp, +1);
}

Player::~Player() { leave(); }

void Player::leave() {
    if (!std::exchange(reading_, false)) return;
    view_.detach(*this);
    stream_.count_subscriber(Transport::rtmp, -1);
}

void Player::join(std::optional<std::int64_t> resume) {
    const auto& log = view_.log();
    if (resume) {
        if (const auto position = log.position_after(*resume)) {
            const auto* next = log.entry_at(*position);
            return start(*position, next ? next->number : *resume + 1, true);
        }
    }
    if (const auto* keyframe = view_.live() ? log.newest_keyframe() : nullptr)
        return start(keyframe->begin, keyframe->number, false);
    wait_position_ = log.end();
    wait_until_ =
        session_.context().hub.clock().now() + std::chrono::seconds(stream_.options().grace_seconds);
}

void Player::start(std::uint64_t position, std::int64_t first_frame, bool resumed) {
    const auto& log = view_.log();
    const auto* next = log.entry_at(position);
    const auto& entry = next ? *next : log.back();
    first_frame_ = first_frame;
    cursor_.emplace(position);
    catches_up_ = true;
    slice_ = kFirstSlice + static_cast<std::size_t>(entry.end - entry.begin);
    session_.protocol().accept_play(first_frame, resumed);
    session_.tell_reconnect_window();
    take_protocol_output();
    cursor_->interleave(preface_bytes(*entry.setup, entry.dts_ms));
    session_.pump();
}

/// What it lacks is what just came, its socket took all before that, and nothing else is to be said.
bool Player::keeps_up() const {
    if (direct_ < 0 || !cursor_->in_log()) return false;
    return cursor_->unsent(view_.log()) <= kKeepsUp && cursor_->position() >= view_.log().trim_point();
}

/// The frames that came, in one send of the burst, or two at a block's edge: nearly every flush is this.
void Player::on_flush(net::SendBurst& burst) {
    if (!keeps_up()) return catch_up();
    if (const auto bytes = cursor_->peek(view_.log()); !bytes.empty()) burst.add(direct_, bytes, *this);
}

void Player::on_sent(std::ptrdiff_t count) {
    if (count <= 0) return catch_up();
    const auto asked = cursor_->peek(view_.log()).size();
    taken(static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < asked || !send_directly()) catch_up();
}

/// What lies behind a block's edge. False where the socket takes no more.
bool Player::send_directly() {
    const auto& log = view_.log();
    while (cursor_->unsent(log) > 0) {
        const auto bytes = cursor_->peek(log);
        const auto count = ::send(direct_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        taken(static_cast<std::size_t>(count));
        if (static_cast<std::size_t>(count) < bytes.size()) return false;
    }
    return true;
}

void Player::taken(std::size_t count) {
    sent(count);
    worker_sent_bytes_ += count;
}

void Player::catch_up() {
    const auto& log = view_.log();
    if (!cursor_) {
        const auto* first = log.entry_at(wait_position_);
        if (!first) first = log.newest_keyframe();
        if (!first) return;
        return start(first->begin, first->number, false);
    }
    note_behind();
    const auto left_out = cursor_->jump_if_behind(log, session_.context().limits.unsent_bytes);
    if (left_out > 0) {
        tell_of_jump(left_out);
        behind_.reset();
        skipped_ += static_cast<std::uint64_t>(left_out);
        session_.context().metrics.skipped();
    }
    session_.pump();
}

void Player::note_behind() {
    if (unsent() <= kKeepsUp) return behind_.reset();
    if (!behind_) behind_ = {session_.context().hub.clock().now(), sent_bytes_, view_.log().end()};
}

/// TRAPS.md 1.5: what its line carries, and what it would have to.
void Player::tell_of_jump(std::int64_t left_out) const {
    std::string line = "its line";
    if (behind_) {
        const auto seconds =
            std::chrono::duration<double>(session_.context().hub.clock().now() - behind_->since).count();
        const auto megabits = [&](std::uint64_t bytes) {
            return static_cast<double>(bytes) * 8 / 1e6 / std::max(seconds, 0.001);
        };
        line = fmt::format("sustained {:.1f} of {:.1f} Mbit/s for {:.0f} s: its line",
                           megabits(sent_bytes_ - behind_->sent),
                           megabits(view_.log().end() - behind_->log_end), seconds);
    }
    log::sparse(log::Level::warn, "rtmp", "behind", "{} {}: {} is too slow; {} frames are left out",
                session_.peer(), session_.what(), line, left_out);
}

void Player::on_stream_ended() {
    if (!cursor_) return;
    session_.protocol().end_play("the publisher has gone");
    session_.end(EndReason::stream_ended);
}

void Player::sweep(SteadyTime now, WallTime wall) {
    if (leave_at_ && wall >= *leave_at_) {
        session_.protocol().end_play("the token has run out");
        return session_.end(EndReason::token_left);
    }
    if (!cursor_ && now >= wait_until_) {
        session_.protocol().refuse_play("NetStream.Play.StreamNotFound", "nobody publishes this stream");
        session_.end(EndReason::stream_not_found);
    }
}

ByteView Player::next_bytes() {
    if (!cursor_) return {};
    take_protocol_output();
    const auto bytes = cursor_->peek(view_.log());
    if (!catches_up_ || bytes.empty()) return bytes;
    catches_up_ = cursor_->unsent(view_.log()) > kKeepsUp;
    if (!catches_up_) return bytes;
    if (slice_ == 0 && !std::exchange(has_asked_, true)) session_.wait_for_turn();
    return bytes.first(std::min(bytes.size(), slice_));
}

void Player::take_turn() {
    has_asked_ = false;
    slice_ = kSlice;
}

void Player::take_protocol_output() {
    if (session_.protocol().output().empty() || cursor_->own_bytes() > kOwnBytes) return;
    cursor_->interleave(session_.take_answers());
}

Bytes Player::last_words() {
    cursor_->interleave(session_.take_answers());
    return cursor_->last_words(view_.log());
}

void Player::sent(std::size_t count) {
    sent_bytes_ += count;
    slice_ -= std::min(slice_, count);
    cursor_->consume(view_.log(), count);
}

std::uint64_t Player::unsent() const { return cursor_ ? cursor_->unsent(view_.log()) : 0; }

std::uint64_t Player::frames() const {
    if (!cursor_) return 0;
    const auto* next = view_.log().entry_at(cursor_->position());
    const auto& log = view_.log();
    const auto reached = next ? next->number : log.empty() ? first_frame_ : log.back().number + 1;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, reached - first_frame_)) - skipped_;
}

}  // namespace tongke::relay
