// The bytes of one accepted connection, plain or TLS (RTMPS), without waiting:
// what cannot be done now says would_block, and its owner waits on the socket.
// Under TLS what one write takes is encrypted at once and leaves in one send;
// what the socket does not take stays here, bounded, and goes before anything
// else, so that a caller may change its mind about bytes that were not taken.
// Lives on one worker. Include from sources only: it brings Asio.
#pragma once
#include <memory>
#include <span>

#include "common/async/aliases.hpp"
#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace tongke::relay {

using SharedTlsContext = std::shared_ptr<boost::asio::ssl::context>;

class Channel {
  public:
    /// `tls`: null for a plain connection; else the handshake comes with the first bytes.
    Channel(async::TcpSocket socket, SharedTlsContext tls);
    ~Channel();
    Channel(Channel&&) noexcept;
    Channel& operator=(Channel&&) = delete;

    async::TcpSocket& socket() { return socket_; }
    const async::TcpSocket& socket() const { return socket_; }
    bool is_tls() const { return tls_ != nullptr; }

    /// would_block: nothing now; eof or another error: it is over.
    std::size_t read_some(std::span<std::uint8_t> into, Error& error);
    /// More may be read although the socket has nothing.
    bool holds_input() const;
    /// How much of it was taken. would_block: none, the socket takes no more; in_progress: none, the
    /// handshake waits for the peer.
    std::size_t write_some(ByteView bytes, Error& error);
    /// What was taken and has not left yet goes out; would_block while some is left.
    void flush(Error& error);
    /// Says that nothing more comes, once all has been flushed.
    void finish();

  private:
    struct Tls;
    std::size_t decrypt(std::span<std::uint8_t> into, Error& error);

    async::TcpSocket socket_;
    std::unique_ptr<Tls> tls_;
};

}  // namespace tongke::relay
