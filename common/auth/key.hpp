// EC P-256 keys for ES256: the relay's signing key and each node's own key.
// The private key never leaves its process but to its file (mode 0600).
// Immutable once made, copies share; any thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "common/auth/error.hpp"
#include "common/base/bytes.hpp"

namespace tongke::auth {

class VerifyKey {
  public:
    /// SubjectPublicKeyInfo in PEM; at most 4 KB are looked at.
    static Result<VerifyKey> from_pem(std::string_view pem);

    const std::string& pem() const;
    /// Key id: base64url of the first 12 bytes of SHA-256 over the public key (DER).
    const std::string& kid() const;
    /// ES256: signature is r‖s, 64 bytes (RFC 7518 §3.4).
    bool verify(std::string_view message, ByteView signature) const;

    struct Impl;
    explicit VerifyKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  private:
    friend class Csr;
    std::shared_ptr<const Impl> impl_;
};

class SigningKey {
  public:
    static SigningKey generate();
    static Result<SigningKey> from_pem(std::string_view pem);
    static Result<SigningKey> load(const std::string& path);
    /// Loads the key, or makes one and saves it. Safe against a kill at any moment and
    /// against two processes starting at once. Throws std::runtime_error (start-up).
    static SigningKey load_or_create(const std::string& path);

    /// Written to a temporary file, synced, renamed; mode 0600. Throws std::runtime_error.
    void save(const std::string& path) const;

    std::string private_pem() const;
    const VerifyKey& public_key() const;
    const std::string& kid() const { return public_key().kid(); }
    Bytes sign(std::string_view message) const;  // r‖s, 64 bytes

    /// PKCS#10 request, PEM, for this key; the name becomes CN.
    std::string make_csr(std::string_view common_name) const;

    struct Impl;
    explicit SigningKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  private:
    std::shared_ptr<const Impl> impl_;
};

struct CsrContent {
    VerifyKey key;
    std::string common_name;
};
/// Checks that the request is signed by its own key and that the key is EC P-256.
Result<CsrContent> read_csr(std::string_view pem);

}  // namespace tongke::auth
