// A self-signed certificate for tests of TLS.
#pragma once
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <functional>
#include <string>

#include "common/net/tls_files.hpp"
#include "tests/support/catch.hpp"

namespace tongke::test {

inline std::string sha256_hex(const unsigned char* bytes, int size) {
    unsigned char digest[32];
    EVP_Digest(bytes, static_cast<std::size_t>(size), digest, nullptr, EVP_sha256(), nullptr);
    std::string hex;
    for (const auto b : digest) hex += fmt::format("{:02x}", b);
    return hex;
}

/// A self-signed certificate for 127.0.0.1 in `dir`; `pin` is the digest of its key.
struct Certificate {
    net::TlsFiles files;
    std::string pin;

    explicit Certificate(const std::string& dir) : files{dir + "/cert.pem", dir + "/key.pem"} {
        EVP_PKEY* key = EVP_EC_gen("P-256");
        X509* cert = X509_new();
        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_set_pubkey(cert, key);
        X509_NAME* name = X509_get_subject_name(cert);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("node"),
                                   -1, -1, 0);
        X509_set_issuer_name(cert, name);
        X509_EXTENSION* alt = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
        X509_add_ext(cert, alt, -1);
        X509_sign(cert, key, EVP_sha256());
        write(files.certificate, [&](FILE* f) { PEM_write_X509(f, cert); });
        write(files.private_key,
              [&](FILE* f) { PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr); });
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(key, &der);
        pin = sha256_hex(der, size);
        OPENSSL_free(der);
        X509_EXTENSION_free(alt);
        X509_free(cert);
        EVP_PKEY_free(key);
    }

    static void write(const std::string& path, const std::function<void(FILE*)>& body) {
        FILE* file = std::fopen(path.c_str(), "w");
        REQUIRE(file);
        body(file);
        std::fclose(file);
    }
};

}  // namespace tongke::test
