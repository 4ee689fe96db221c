// A blocking RTMP connection for the test programs: a socket, a client session
// and nothing else. One thread; throws std::runtime_error on any failure.
#pragma once
#include <openssl/evp.h>
#include <poll.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <random>
#include <stdexcept>

#include "common/rtmp/client_session.hpp"

namespace tongke::tools {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

class Connection {
  public:
    Connection(const std::string& url, rtmp::ClientOptions::Mode mode,
               std::optional<std::int64_t> resume = {})
        : session_({rtmp::parse_url(url).value(), mode, resume}, std::random_device{}()), socket_(io_) {
        const auto parsed = rtmp::parse_url(url).value();
        asio::ip::tcp::resolver resolver(io_);
        asio::connect(socket_, resolver.resolve(parsed.host, std::to_string(parsed.port)));
        socket_.set_option(asio::ip::tcp::no_delay(true));
        flush();
    }

    rtmp::ClientSession& session() { return session_; }

    void flush() {
        const auto bytes = session_.take_output();
        if (!bytes.empty()) asio::write(socket_, asio::buffer(bytes));
    }

    /// Events of what arrives until `deadline`; returns after the first bytes, or with none in time.
    std::vector<rtmp::ClientEvent> read(SteadyClock::time_point deadline) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
        pollfd wait{socket_.native_handle(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return {};
        std::array<std::uint8_t, 65536> buffer;
        const auto size = socket_.read_some(asio::buffer(buffer));
        auto events = session_.feed({buffer.data(), size});
        flush();
        return events;
    }

    /// No farewell, as when the line is cut.
    void cut() {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }

    [[noreturn]] void fail(const rtmp::Ended& ended) const {
        const auto& status = session_.last_status();
        throw std::runtime_error(ended.reason.message() +
                                 (status.code.empty() ? "" : ": " + status.code + " " + status.description));
    }

  private:
    asio::io_context io_;
    rtmp::ClientSession session_;
    asio::ip::tcp::socket socket_;
};

inline std::string sha256(ByteView bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("sha256 failed");
    }
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        constexpr char kDigits[] = "0123456789abcdef";
        hex += kDigits[digest[i] >> 4];
        hex += kDigits[digest[i] & 15];
    }
    return hex;
}

}  // namespace tongke::tools
