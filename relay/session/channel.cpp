#include "relay/session/channel.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>

namespace tongke::relay {
namespace {

namespace asio = boost::asio;

// Of plain bytes taken at once: several records, one send.
constexpr std::size_t kTakenAtOnce = 64 * 1024;
constexpr std::size_t kReadAtOnce = 32 * 1024;

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

}  // namespace

struct Channel::Tls {
    explicit Tls(SharedTlsContext c) : context(std::move(c)), ssl(SSL_new(context->native_handle())) {
        // Both belong to the SSL object.
        SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(ssl.get());
    }
    BIO* in() const { return SSL_get_rbio(ssl.get()); }
    BIO* out() const { return SSL_get_wbio(ssl.get()); }

    /// From encrypted to what waits for the socket.
    void collect() {
        char* bytes = nullptr;
        const auto size = BIO_get_mem_data(out(), &bytes);
        if (size <= 0) return;
        unsent.insert(unsent.end(), bytes, bytes + size);
        (void)BIO_reset(out());
    }

    SharedTlsContext context;
    std::unique_ptr<SSL, FreeSsl> ssl;
    Bytes unsent;
    std::size_t sent = 0;  // of it
};

Channel::Channel(async::TcpSocket socket, SharedTlsContext tls)
    : socket_(std::move(socket)), tls_(tls ? std::make_unique<Tls>(std::move(tls)) : nullptr) {}

Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;

std::size_t Channel::read_some(std::span<std::uint8_t> into, Error& error) {
    if (!tls_) return socket_.read_some(asio::buffer(into.data(), into.size()), error);
    std::array<std::uint8_t, kReadAtOnce> encrypted;
    for (;;) {
        const auto count = decrypt(into, error);
        Error ignored;  // a peer that takes nothing is noticed by whoever writes
        flush(ignored);
        if (error != asio::error::would_block) return count;
        Error ended;
        const auto came = socket_.read_some(asio::buffer(encrypted), ended);
        if (ended) {
            error = ended;
            return 0;
        }
        BIO_write(tls_->in(), encrypted.data(), static_cast<int>(came));
    }
}

std::size_t Channel::decrypt(std::span<std::uint8_t> into, Error& error) {
    std::size_t count = 0;
    error = {};
    ERR_clear_error();  // what another connection of this thread left would be taken for ours
    const int done = SSL_read_ex(tls_->ssl.get(), into.data(), into.size(), &count);
    const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_->ssl.get(), done);
    tls_->collect();
    if (why == SSL_ERROR_NONE) return count;
    if (why == SSL_ERROR_WANT_READ)
        error = asio::error::would_block;
    else if (why == SSL_ERROR_ZERO_RETURN)
        error = asio::error::eof;
    else
        error = asio::ssl::error::stream_truncated;
    return 0;
}

bool Channel::holds_input() const {
    return tls_ && (SSL_has_pending(tls_->ssl.get()) == 1 || BIO_ctrl_pending(tls_->in()) > 0);
}

std::size_t Channel::write_some(ByteView bytes, Error& error) {
    if (!tls_) return socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    flush(error);
    if (error) return 0;
    std::size_t taken = 0;
    bytes = bytes.first(std::min(bytes.size(), kTakenAtOnce));
    ERR_clear_error();
    const int done = SSL_write_ex(tls_->ssl.get(), bytes.data(), bytes.size(), &taken);
    const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_->ssl.get(), done);
    tls_->collect();
    if (why == SSL_ERROR_WANT_READ) {
        error = asio::error::in_progress;
        return 0;
    }
    if (why != SSL_ERROR_NONE) {
        error = asio::ssl::error::stream_truncated;
        return 0;
    }
    // What it does not take now goes first the next time.
    Error later;
    flush(later);
    if (later && later != asio::error::would_block) error = later;
    return taken;
}

void Channel::flush(Error& error) {
    error = {};
    if (!tls_) return;
    while (tls_->sent < tls_->unsent.size()) {
        const auto count = socket_.write_some(
            asio::buffer(tls_->unsent.data() + tls_->sent, tls_->unsent.size() - tls_->sent), error);
        if (error) return;
        tls_->sent += count;
    }
    Bytes{}.swap(tls_->unsent);
    tls_->sent = 0;
}

void Channel::finish() {
    Error ignored;
    if (tls_) {
        ERR_clear_error();
        SSL_shutdown(tls_->ssl.get());
        tls_->collect();
        flush(ignored);
    }
    socket_.shutdown(async::TcpSocket::shutdown_send, ignored);
}

}  // namespace tongke::relay
