#include "common/http/client_link.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include "common/async/with_deadline.hpp"
#include "common/http/response_parser.hpp"
#include "common/log/log.hpp"
#include "common/net/ip_address.hpp"
#include "common/net/tcp.hpp"

namespace tongke::http {
namespace {

namespace asio = boost::asio;
namespace wire = boost::beast::http;
using async::as_result;
using async::Task;

constexpr std::chrono::seconds kPerAddress{3};  // then the next address of the host is tried
constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kHeadLimit = 32 * 1024;

Task<Error> connect_one(async::TcpSocket& socket, asio::ip::tcp::endpoint to) {
    const auto [error] = co_await socket.async_connect(to, as_result);
    co_return error;
}

Task<Error> connect(Link& link, const Url& url) {
    std::vector<asio::ip::tcp::endpoint> addresses;
    Error error;
    const auto literal = asio::ip::make_address(url.host, error);
    if (!error) {
        addresses.emplace_back(literal, url.port);
    } else {
        asio::ip::basic_resolver<asio::ip::tcp, async::Executor> resolver{link.socket.get_executor()};
        const auto [failed, found] =
            co_await resolver.async_resolve(url.host, std::to_string(url.port), as_result);
        if (failed) co_return ClientError::resolve_failed;
        for (const auto& entry : found) addresses.push_back(entry.endpoint());
    }
    for (const auto& address : addresses) {
        if (link.abandoned) break;
        link.close();
        const auto result = co_await async::with_deadline(kPerAddress, connect_one(link.socket, address));
        if (result && !*result) co_return Error{};
    }
    co_return ClientError::connect_failed;
}

std::string key_digest(SSL* native) {
    const std::unique_ptr<X509, decltype(&X509_free)> leaf{SSL_get1_peer_certificate(native), &X509_free};
    if (!leaf) return {};
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf.get()), &der);
    if (size <= 0) return {};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(der, static_cast<std::size_t>(size), digest, &length, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

Error map_read_error(const Error& error) {
    if (error == wire::error::body_limit) return ClientError::body_too_large;
    if (error == wire::error::end_of_stream || error == wire::error::partial_message ||
        error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::ssl::error::stream_truncated)
        return ClientError::closed_early;
    return error.category() == wire::make_error_code(wire::error::bad_version).category()
               ? Error{ClientError::bad_response}
               : Error{ClientError::closed_early};
}

void take_piece(const ClientRequest& request, ByteView piece, Transfer& out) {
    if (piece.empty()) return;
    if (request.keep_body) out.answer.body.insert(out.answer.body.end(), piece.begin(), piece.end());
    if (request.on_body) request.on_body(piece);
}

/// Waits until the answer's first bytes are in the link's buffer, so that its time is theirs.
template <class Stream>
Task<Error> first_bytes(Stream& stream, Link& link, Transfer& out) {
    if (link.buffer.size() == 0) {
        const auto [error, size] = co_await stream.async_read_some(link.buffer.prepare(kPiece), as_result);
        if (error) co_return ClientError::closed_early;
        link.buffer.commit(size);
    }
    out.got_byte = true;
    out.answer.first_byte = std::chrono::steady_clock::now();
    co_return Error{};
}

template <class Stream>
Task<Error> transfer_over(Stream& stream, Link& link, const ClientRequest& request, const std::string& bytes,
                          Transfer& out) {
    out.answer.sent = std::chrono::steady_clock::now();
    const auto [write_error, written] = co_await asio::async_write(stream, asio::buffer(bytes), as_result);
    if (write_error) co_return ClientError::closed_early;
    if (const auto error = co_await first_bytes(stream, link, out)) co_return error;

    const auto on_head = [&](int status, ResponseParser::Headers headers) {
        out.answer.status = status;
        out.answer.headers = std::move(headers);
        if (request.on_head) request.on_head(status);
    };
    const auto on_body = [&](ByteView piece) { take_piece(request, piece, out); };
    std::optional<ResponseParser> parser;
    const auto next_answer = [&] {
        parser.emplace(kHeadLimit, request.max_body, request.method == "HEAD",
                       ResponseParser::Sink{on_head, on_body});
    };
    const auto feed = [&] {
        auto error = parser->read(link.buffer, ResponseParser::Until::end);
        while (!error && parser->is_interim()) {
            next_answer();
            error = parser->read(link.buffer, ResponseParser::Until::end);
        }
        return error;
    };
    next_answer();
    out.answer.last_byte = out.answer.first_byte;
    Error error = feed();
    while (error == wire::error::need_more) {
        // Of what cannot be read yet, the longest is a head.
        if (link.buffer.size() > kHeadLimit + kPiece) co_return ClientError::bad_response;
        const auto [failure, size] = co_await stream.async_read_some(link.buffer.prepare(kPiece), as_result);
        error = failure;
        if (failure == asio::error::eof && parser->got_some()) parser->put_eof(error = {});
        if (failure) break;
        out.answer.last_byte = std::chrono::steady_clock::now();
        link.buffer.commit(size);
        error = feed();
    }
    if (error) co_return map_read_error(error);
    out.keep = parser->keep_alive() && link.buffer.size() == 0 && out.answer.status >= 200;
    co_return Error{};
}

}  // namespace

std::string request_bytes(const ClientRequest& request, const Url& url, const std::string& user_agent) {
    const bool standard = url.port == (url.tls ? 443 : 80);
    std::string authority = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
    if (!standard) authority += ":" + std::to_string(url.port);
    std::string out = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + authority +
                      "\r\nUser-Agent: " + user_agent + "\r\n";
    for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    return out += "\r\n" + request.body;
}

async::Task<Error> open_link(Link& link, const Url& url, asio::ssl::context& tls, const std::string& pin) {
    if (const auto error = co_await connect(link, url)) co_return error;
    net::prepare(link.socket);
    if (!url.tls) co_return Error{};
    link.tls.emplace(link.socket, tls);
    if (!net::IpAddress::parse(url.host))
        SSL_set_tlsext_host_name(link.tls->native_handle(), url.host.c_str());
    if (pin.empty()) link.tls->set_verify_callback(asio::ssl::host_name_verification(url.host));
    const auto [error] = co_await link.tls->async_handshake(asio::ssl::stream_base::client, as_result);
    if (error) {
        log::debug("http", "TLS with {} failed: {}", url.host, error.message());
        co_return ClientError::tls_failed;
    }
    if (!pin.empty() && key_digest(link.tls->native_handle()) != pin) co_return ClientError::pin_mismatch;
    co_return Error{};
}

async::Task<Error> transfer(Link& link, const ClientRequest& request, const std::string& bytes,
                            Transfer& out) {
    if (link.tls) co_return co_await transfer_over(*link.tls, link, request, bytes, out);
    co_return co_await transfer_over(link.socket, link, request, bytes, out);
}

}  // namespace tongke::http
