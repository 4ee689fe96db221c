#include "common/auth/proof_digits.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "common/auth/digest.hpp"
#include "common/base/byte_writer.hpp"

namespace tongke::auth {
namespace {

Sha256 hmac_sha256(ByteView key, ByteView message) {
    Sha256 out{};
    unsigned length = 0;
    // An empty key is a null pointer, which OpenSSL takes for "the key of before".
    static constexpr std::uint8_t kNoKey = 0;
    if (!HMAC(EVP_sha256(), key.empty() ? &kNoKey : key.data(), static_cast<int>(key.size()), message.data(),
              message.size(), out.data(), &length) ||
        length != out.size())
        throw std::runtime_error("HMAC-SHA-256 is not available");
    return out;
}

}  // namespace

std::string proof_digits(ByteView secret, WallTime at) {
    const auto ms = unix_ms(at);
    if (ms < 0) return {};
    Bytes counter;
    ByteWriter(counter).u64(static_cast<std::uint64_t>(ms / Milliseconds(kProofStep).count()));
    const auto mac = hmac_sha256(secret, counter);
    // RFC 4226 5.3, dynamic truncation.
    const std::size_t at_byte = mac.back() & 0xF;
    const auto number = (mac[at_byte] & 0x7Fu) << 24 | std::uint32_t{mac[at_byte + 1]} << 16 |
                        std::uint32_t{mac[at_byte + 2]} << 8 | mac[at_byte + 3];
    return fmt::format("{:04}", number % 10'000);
}

Bytes proof_secret(ByteView channel_key, std::string_view day) {
    const auto mac = hmac_sha256(channel_key, as_bytes(fmt::format("debug windows of {}", day)));
    return {mac.begin(), mac.end()};
}

}  // namespace tongke::auth
