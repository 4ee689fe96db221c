// HTTPS and its reload, seen by an OpenSSL client.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>

#include <fstream>
#include <memory>

#include "tests/integration/relay_app/relay_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke::test;

namespace {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};

// A self-signed certificate with this serial number, for an hour.
void write_certificate(const TemporaryDir& dir, long serial) {
    const std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};
    const std::unique_ptr<X509, Freer<X509_free>> certificate{X509_new()};
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    const auto write = [](const std::string& path, const auto& put) {
        std::unique_ptr<FILE, Freer<fclose>> file{fopen(path.c_str(), "w")};
        REQUIRE(put(file.get()) == 1);
    };
    write(dir / "cert.pem", [&](FILE* f) { return PEM_write_X509(f, certificate.get()); });
    write(dir / "key.pem",
          [&](FILE* f) { return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

// The serial number a TLS client is shown.
long serial_at(const std::string& port) {
    const std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
    const std::unique_ptr<BIO, Freer<BIO_free_all>> link{BIO_new_ssl_connect(context.get())};
    BIO_set_conn_hostname(link.get(), ("127.0.0.1:" + port).c_str());
    if (BIO_do_connect(link.get()) != 1) return -1;
    SSL* ssl = nullptr;
    BIO_get_ssl(link.get(), &ssl);
    const std::unique_ptr<X509, Freer<X509_free>> shown{SSL_get1_peer_certificate(ssl)};
    return shown ? ASN1_INTEGER_get(X509_get0_serialNumber(shown.get())) : -1;
}

}  // namespace

TEST_CASE("certificates are read again at SIGHUP, and a broken one is not taken") {
    const TemporaryDir dir;
    write_certificate(dir, 1);
    const auto tls =
        "[tls]\ncertificate = \"" + (dir / "cert.pem") + "\"\nprivate_key = \"" + (dir / "key.pem") + "\"\n";
    RunningRelay relay(dir.path(), tls, {"--set", "http.tls_listen=127.0.0.1:0"});
    const auto& log = relay.process().err();
    const auto end = log.find(", TLS)");
    REQUIRE(end != std::string::npos);
    const auto begin = log.rfind("(port ", end) + 6;
    const auto port = log.substr(begin, end - begin);
    CHECK(serial_at(port) == 1);

    write_certificate(dir, 2);
    relay.process().signal(SIGHUP);
    relay.process().wait_for("certificate read again");
    CHECK(serial_at(port) == 2);

    std::ofstream(dir / "cert.pem") << "not a certificate";
    relay.process().signal(SIGHUP);
    relay.process().wait_for("the old one stays");
    CHECK(serial_at(port) == 2);
}
