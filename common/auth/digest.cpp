#include "common/auth/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace tongke::auth {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr auto make_values() {
    std::array<std::int8_t, 256> values{};
    for (auto& v : values) v = -1;
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}
constexpr auto kValues = make_values();

}  // namespace

Sha256 sha256(ByteView bytes) {
    Sha256 out;
    SHA256(bytes.data(), bytes.size(), out.data());
    return out;
}

std::string sha256_hex(std::string_view text) { return to_hex(sha256(as_bytes(text))); }

std::string to_hex(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto b : bytes) {
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

std::string base64url(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t held = 0;
    int bits = 0;
    for (const auto b : bytes) {
        held = held << 8 | b;
        for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0) out += kAlphabet[held << (6 - bits) & 63];
    return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : text) {
        const auto value = kValues[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        held = held << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>(held >> bits));
        }
    }
    // Stray bits would give one value two spellings.
    if ((held & ((1U << bits) - 1)) != 0) return std::nullopt;
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tongke::auth
