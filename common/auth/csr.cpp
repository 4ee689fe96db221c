// PKCS#10: how a node hands over its public key at enrolment.
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "common/auth/key_impl.hpp"

namespace tongke::auth {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Request = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;

std::string common_name_of(X509_REQ* request) {
    auto* subject = X509_REQ_get_subject_name(request);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) return {};
    std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return out;
}

}  // namespace

std::string SigningKey::make_csr(std::string_view common_name) const {
    const Request request{X509_REQ_new()};
    auto* subject = X509_REQ_get_subject_name(request.get());
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
    const Bio out{BIO_new(BIO_s_mem())};
    if (X509_REQ_set_version(request.get(), 0) != 1 ||
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, text,
                                   static_cast<int>(common_name.size()), -1, 0) != 1 ||
        X509_REQ_set_pubkey(request.get(), impl_->key.get()) != 1 ||
        X509_REQ_sign(request.get(), impl_->key.get(), EVP_sha256()) <= 0 ||
        PEM_write_bio_X509_REQ(out.get(), request.get()) != 1)
        throw std::runtime_error(
            "OpenSSL cannot make a certificate request (is the name over 64 characters?)");
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<CsrContent> read_csr(std::string_view pem) {
    if (pem.size() > 8192) return AuthError::bad_csr;
    const Bio in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const Request request{PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr)};
    if (!request) return AuthError::bad_csr;
    auto* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) return AuthError::bad_csr;
    auto verify_key = make_verify_key(key);
    if (!verify_key) return verify_key.error();
    return CsrContent{std::move(*verify_key), common_name_of(request.get())};
}

}  // namespace tongke::auth
