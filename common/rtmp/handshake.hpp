// The simple handshake (RTMP 1.0 section 5.2), either side. A client that
// opens with the digest form (FFmpeg, old Flash) is answered in the simple form
// with version 0 in S1, upon which it falls back by itself.
#pragma once
#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/rtmp/error.hpp"

namespace tongke::rtmp {

class Handshake {
  public:
    enum class Role { server, client };

    Handshake(Role role, std::uint64_t seed) : role_(role), seed_(seed) {}

    /// Client only: C0 and C1.
    void start(Bytes& out);
    /// Takes what it needs off the front of `input` and appends its answers.
    Error feed(ByteView& input, Bytes& out);
    bool done() const { return step_ == Step::done; }

  private:
    enum class Step { version, first, second, done };
    static constexpr std::size_t kPacket = 1536;

    void append_own(Bytes& out);

    Role role_;
    std::uint64_t seed_;
    Step step_ = Step::version;
    Bytes held_;
};

}  // namespace tongke::rtmp
