// One client connection to an origin, plain or TLS, and what travels over it.
// Heap-allocated and stable; used by one exchange at a time on one executor.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>

#include "common/async/aliases.hpp"
#include "common/http/client.hpp"

namespace tongke::http {

struct Link {
    explicit Link(async::Executor executor) : socket(executor) {}

    async::TcpSocket socket;
    std::optional<boost::asio::ssl::stream<async::TcpSocket&>> tls;
    boost::beast::flat_buffer buffer;
    SteadyTime idle_since{};
    bool used = false;
    bool abandoned = false;  // its exchange was interrupted: no further address is tried

    void abandon() {
        abandoned = true;
        close();
    }
    void close() {
        Error ignored;
        socket.close(ignored);
    }
};

/// Head and body of a request as wire bytes.
std::string request_bytes(const ClientRequest& request, const Url& url, const std::string& user_agent);

/// Writes the request and reads the answer; `got_byte` turns true with the answer's first byte,
/// `keep` says whether the link may serve again.
struct Transfer {
    bool got_byte = false;
    bool keep = false;
    ClientAnswer answer;
};
async::Task<Error> transfer(Link& link, const ClientRequest& request, const std::string& bytes,
                            Transfer& out);

async::Task<Error> open_link(Link& link, const Url& url, boost::asio::ssl::context& tls,
                             const std::string& pin);

}  // namespace tongke::http
