#include "common/rtmp/handshake.hpp"

#include <algorithm>

namespace tongke::rtmp {
namespace {

constexpr std::uint8_t kVersion = 3;

}  // namespace

void Handshake::start(Bytes& out) { append_own(out); }

void Handshake::append_own(Bytes& out) {
    out.push_back(kVersion);
    out.insert(out.end(), 8, 0);  // time 0; a zero version says: no digest
    auto state = seed_ | 1;
    for (std::size_t i = 8; i < kPacket; ++i) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.push_back(static_cast<std::uint8_t>(state >> 32));
    }
}

Error Handshake::feed(ByteView& input, Bytes& out) {
    if (step_ == Step::version && !input.empty()) {
        if (input.front() != kVersion) return Errc::not_rtmp;
        input = input.subspan(1);
        step_ = Step::first;
    }
    while (step_ != Step::done && !input.empty()) {
        const auto part = input.first(std::min(kPacket - held_.size(), input.size()));
        held_.insert(held_.end(), part.begin(), part.end());
        input = input.subspan(part.size());
        if (held_.size() < kPacket) return {};
        if (step_ == Step::first) {
            if (role_ == Role::server) append_own(out);
            // Echoed whole: librtmp compares all of it.
            out.insert(out.end(), held_.begin(), held_.end());
            step_ = Step::second;
            held_.clear();
        } else {
            step_ = Step::done;
            Bytes{}.swap(held_);  // assigning {} would keep the memory, for as long as the connection lasts
        }
    }
    return {};
}

}  // namespace tongke::rtmp
