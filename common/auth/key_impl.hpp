// What a key holds, shared by the sources of this folder; nobody else includes it.
#pragma once
#include <openssl/evp.h>

#include <string>

#include "common/auth/key.hpp"

namespace tongke::auth {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};
using EvpKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

struct VerifyKey::Impl {
    EvpKey key;
    std::string pem;
    std::string kid;
};

struct SigningKey::Impl {
    EvpKey key;
    VerifyKey public_key;
};

/// bad_key unless it is EC P-256. Takes a reference of its own.
Result<VerifyKey> make_verify_key(EVP_PKEY* key);

}  // namespace tongke::auth
