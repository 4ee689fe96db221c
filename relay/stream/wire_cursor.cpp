#include "relay/stream/wire_cursor.hpp"

#include <algorithm>
#include <utility>

#include "common/rtmp/data_message.hpp"
#include "relay/stream/preface.hpp"

namespace tongke::relay {

void WireCursor::interleave(ByteView bytes) {
    // What was sent goes: a reader that is never quite through would have it pile up.
    own_.erase(own_.begin(), own_.begin() + static_cast<std::ptrdiff_t>(std::exchange(own_sent_, 0)));
    own_.insert(own_.end(), bytes.begin(), bytes.end());
}

ByteView WireCursor::peek(const WireLog& log) const {
    if (sending_own(log)) return ByteView{own_}.subspan(own_sent_);
    auto limit = log.end();
    if (!own_.empty()) {
        const auto* under_way = log.entry_at(position_);
        if (under_way) limit = under_way->end;
    }
    return log.bytes_at(position_, limit);
}

void WireCursor::consume(const WireLog& log, std::size_t count) {
    if (!sending_own(log)) {
        position_ += count;
        return;
    }
    own_sent_ += count;
    if (own_sent_ < own_.size()) return;
    Bytes{}.swap(own_);  // gives the memory back: a player keeps none of its own
    own_sent_ = 0;
}

std::int64_t WireCursor::jump_if_behind(const WireLog& log, std::uint64_t bound) {
    const auto behind = unsent(log);
    if (allowance_ == UINT64_MAX) allowance_ = behind + bound;
    allowance_ = std::max(bound, std::min(allowance_, behind + bound));
    if (behind <= allowance_ && (behind == 0 || position_ >= log.trim_point())) return 0;
    const auto* from = log.entry_at(position_);
    if (!from) return 0;
    const bool drops = position_ < log.trim_point();
    const auto* to = log.newest_keyframe();
    // Sound alone has none, and what the log drops cannot be waited on.
    if ((!to || to->begin <= from->begin) && drops) to = &log.back();
    if (!to || to->begin <= from->begin) return 0;
    const bool mid_frame = position_ != from->begin;
    const auto left_out = to->number - from->number - (mid_frame ? 1 : 0);
    if (left_out == 0 && !drops) return 0;
    announce_jump(log, *from, *to);
    position_ = to->begin;
    return left_out;
}

Bytes WireCursor::last_words(const WireLog& log) const {
    Bytes bytes;
    if (!at_edge(log)) {
        const auto rest = log.bytes_at(position_, log.entry_at(position_)->end);
        bytes.assign(rest.begin(), rest.end());
    }
    bytes.insert(bytes.end(), own_.begin() + static_cast<std::ptrdiff_t>(own_sent_), own_.end());
    return bytes;
}

void WireCursor::announce_jump(const WireLog& log, const LogEntry& from, const LogEntry& to) {
    auto bytes = last_words(log);
    const auto header = rtmp::media_header(rtmp::MessageType::data_amf0, to.dts_ms);
    rtmp::append_message(bytes, header, rtmp::jump_payload(to.number));
    if (from.setup != to.setup) {
        const auto preface = preface_bytes(*to.setup, to.dts_ms);
        bytes.insert(bytes.end(), preface.begin(), preface.end());
    }
    own_ = std::move(bytes);
    own_sent_ = 0;
}

bool WireCursor::sending_own(const WireLog& log) const {
    return !own_.empty() && (own_sent_ > 0 || at_edge(log));
}

bool WireCursor::at_edge(const WireLog& log) const {
    const auto* entry = log.entry_at(position_);
    return !entry || entry->begin == position_;
}

}  // namespace tongke::relay
