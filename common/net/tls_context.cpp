#include "common/net/tls_context.hpp"

#include "common/net/tls_files.hpp"

#include <openssl/ssl.h>

namespace tongke::net {
namespace {

constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// Chromium offers h2 first; without an answer to ALPN it would still take
/// HTTP/1.1, other clients abort.
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<boost::asio::ssl::context>> load_tls_context(const std::string& certificate,
                                                                    const std::string& private_key) {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                         ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION |
                         SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), &select_alpn, nullptr);
    Error error;
    context->use_certificate_chain_file(certificate, error);
    if (error) return error;
    context->use_private_key_file(private_key, ssl::context::pem, error);
    if (error) return error;
    if (SSL_CTX_check_private_key(context->native_handle()) != 1)
        return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    return context;
}

Error trust(boost::asio::ssl::context& context, const std::string& ca_file) {
    Error error;
    if (ca_file.empty())
        context.set_default_verify_paths(error);
    else
        context.load_verify_file(ca_file, error);
    return error;
}

Error check_ca_file(const std::string& path) {
    Error error;
    boost::asio::ssl::context(boost::asio::ssl::context::tls_client).load_verify_file(path, error);
    return error;
}

TlsFaults check_tls_files(const std::string& certificate, const std::string& private_key) {
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
    TlsFaults faults;
    context.use_certificate_chain_file(certificate, faults.certificate);
    if (!faults.certificate)
        context.use_private_key_file(private_key, boost::asio::ssl::context::pem, faults.private_key);
    return faults;
}

}  // namespace tongke::net
