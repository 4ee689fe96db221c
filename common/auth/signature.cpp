// ES256 signing and checking: OpenSSL speaks DER, JOSE r‖s (RFC 7518 §3.4).
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <stdexcept>

#include "common/auth/key_impl.hpp"

namespace tongke::auth {
namespace {

constexpr int kHalf = 32;

using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

Bytes to_raw(const Bytes& der) {
    const auto* at = der.data();
    const EcdsaSig sig{d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()))};
    Bytes raw(2 * kHalf);
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), raw.data(), kHalf) != kHalf ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), raw.data() + kHalf, kHalf) != kHalf)
        throw std::runtime_error("OpenSSL made an unreadable signature");
    return raw;
}

Bytes to_der(ByteView raw) {
    const EcdsaSig sig{ECDSA_SIG_new()};
    auto* r = BN_bin2bn(raw.data(), kHalf, nullptr);
    auto* s = BN_bin2bn(raw.data() + kHalf, kHalf, nullptr);
    if (!sig || ECDSA_SIG_set0(sig.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    const int size = i2d_ECDSA_SIG(sig.get(), nullptr);
    if (size <= 0) return {};
    Bytes der(static_cast<std::size_t>(size));
    auto* at = der.data();
    i2d_ECDSA_SIG(sig.get(), &at);
    return der;
}

}  // namespace

Bytes SigningKey::sign(std::string_view message) const {
    const DigestContext context{EVP_MD_CTX_new()};
    const auto text = as_bytes(message);
    std::size_t size = 0;
    Bytes der;
    bool ok = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, text.data(), text.size()) == 1;
    if (ok) {
        der.resize(size);
        ok = EVP_DigestSign(context.get(), der.data(), &size, text.data(), text.size()) == 1;
        der.resize(size);
    }
    if (!ok) throw std::runtime_error("OpenSSL cannot sign");
    return to_raw(der);
}

bool VerifyKey::verify(std::string_view message, ByteView signature) const {
    if (signature.size() != 2 * kHalf) return false;
    const auto der = to_der(signature);
    const DigestContext context{EVP_MD_CTX_new()};
    const auto text = as_bytes(message);
    return !der.empty() &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) == 1 &&
           EVP_DigestVerify(context.get(), der.data(), der.size(), text.data(), text.size()) == 1;
}

}  // namespace tongke::auth
