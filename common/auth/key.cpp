#include "common/auth/key.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/auth/digest.hpp"
#include "common/auth/key_impl.hpp"
#include "common/auth/private_file.hpp"

namespace tongke::auth {
namespace {

constexpr std::size_t kMostPem = 4096;

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

Bio memory_bio(std::string_view text) {
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

bool is_p256(EVP_PKEY* key) {
    char group[32] = {};
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
           std::string_view{group} == "prime256v1";
}

// Never the password prompt of OpenSSL's default callback.
int no_password(char*, int, int, void*) { return 0; }

}  // namespace

Result<VerifyKey> make_verify_key(EVP_PKEY* key) {
    if (key == nullptr || !is_p256(key)) return AuthError::bad_key;
    auto impl = std::make_shared<VerifyKey::Impl>();
    EVP_PKEY_up_ref(key);
    impl->key.reset(key);
    const Bio out{BIO_new(BIO_s_mem())};
    if (PEM_write_bio_PUBKEY(out.get(), key) != 1) return AuthError::bad_key;
    impl->pem = text_of(out.get());
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    if (size <= 0) return AuthError::bad_key;
    const auto digest = sha256({der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    impl->kid = base64url(ByteView{digest}.first(12));
    return VerifyKey{std::move(impl)};
}

Result<VerifyKey> VerifyKey::from_pem(std::string_view pem) {
    if (pem.size() > kMostPem) return AuthError::bad_key;
    const auto in = memory_bio(pem);
    const EvpKey key{PEM_read_bio_PUBKEY(in.get(), nullptr, no_password, nullptr)};
    return make_verify_key(key.get());
}

const std::string& VerifyKey::pem() const { return impl_->pem; }
const std::string& VerifyKey::kid() const { return impl_->kid; }

const VerifyKey& SigningKey::public_key() const { return impl_->public_key; }

SigningKey SigningKey::generate() {
    EvpKey key{EVP_EC_gen("P-256")};
    auto pub = make_verify_key(key.get());
    if (!pub) throw std::runtime_error("OpenSSL cannot make an EC P-256 key");
    return SigningKey{std::make_shared<Impl>(Impl{std::move(key), std::move(*pub)})};
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
    if (pem.size() > kMostPem) return AuthError::bad_key;
    const auto in = memory_bio(pem);
    EvpKey key{PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr)};
    auto pub = make_verify_key(key.get());
    if (!pub) return pub.error();
    return SigningKey{std::make_shared<Impl>(Impl{std::move(key), std::move(*pub)})};
}

Result<SigningKey> SigningKey::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return AuthError::bad_key;
    std::string text(kMostPem + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return from_pem(text);
}

SigningKey SigningKey::load_or_create(const std::string& path) {
    create_private_once(path, [] { return generate().private_pem(); });
    auto key = load(path);
    if (!key) throw std::runtime_error(path + ": " + key.error().message());
    return *key;
}

void SigningKey::save(const std::string& path) const { replace_private(path, private_pem()); }

std::string SigningKey::private_pem() const {
    const Bio out{BIO_new(BIO_s_mem())};
    if (PEM_write_bio_PrivateKey(out.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot write the private key");
    return text_of(out.get());
}

}  // namespace tongke::auth
