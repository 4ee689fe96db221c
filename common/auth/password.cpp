#include "common/auth/password.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <vector>

#include "common/auth/digest.hpp"
#include "common/auth/random.hpp"

namespace tongke::auth {
namespace {

constexpr std::uint64_t kMostMemory = 128ULL * 1024 * 1024;
constexpr std::size_t kSaltBytes = 16, kHashBytes = 32;

struct Stored {
    ScryptCost cost;
    Bytes salt, hash;
};

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(by);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

template <class T>
bool number(std::string_view text, T& value) {
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && value > 0;
}

bool affordable(const ScryptCost& c) {
    return c.n >= 2 && (c.n & (c.n - 1)) == 0 && c.n <= 1 << 20 && c.r <= 64 && c.p <= 16 &&
           128 * c.n * c.r <= kMostMemory;
}

std::optional<Stored> parse(std::string_view text) {
    if (text.size() > 256) return std::nullopt;
    const auto parts = split(text, '$');
    Stored out;
    if (parts.size() != 6 || parts[0] != "scrypt" || !number(parts[1], out.cost.n) ||
        !number(parts[2], out.cost.r) || !number(parts[3], out.cost.p) || !affordable(out.cost))
        return std::nullopt;
    auto salt = from_base64url(parts[4]);
    auto hash = from_base64url(parts[5]);
    if (!salt || !hash || salt->size() < 8 || hash->size() < 16) return std::nullopt;
    out.salt = std::move(*salt);
    out.hash = std::move(*hash);
    return out;
}

Bytes derive(std::string_view password, ByteView salt, const ScryptCost& cost, std::size_t length) {
    Bytes out(length);
    if (EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), cost.n, cost.r, cost.p,
                       2 * kMostMemory, out.data(), out.size()) != 1)
        throw std::runtime_error("scrypt failed: not enough memory for a password check");
    return out;
}

}  // namespace

std::string hash_password(std::string_view password, ScryptCost cost) {
    const auto salt = random_bytes(kSaltBytes);
    const auto hash = derive(password, salt, cost, kHashBytes);
    return fmt::format("scrypt${}${}${}${}${}", cost.n, cost.r, cost.p, base64url(salt), base64url(hash));
}

Result<bool> verify_password(std::string_view password, std::string_view stored) {
    const auto parsed = parse(stored);
    if (!parsed) return AuthError::bad_password_hash;
    const auto hash = derive(password, parsed->salt, parsed->cost, parsed->hash.size());
    return constant_time_equal(as_text(hash), as_text(parsed->hash));
}

bool verify_nobody(std::string_view password) {
    const std::array<std::uint8_t, kSaltBytes> salt{};
    derive(password, salt, {}, kHashBytes);
    return false;
}

std::string password_complaint(std::string_view password, std::string_view account) {
    std::size_t characters = 0;
    bool letter = false, digit = false, other = false;
    for (const char c : password) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++characters;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            letter = true;
        else if (c >= '0' && c <= '9')
            digit = true;
        else
            other = true;
    }
    if (characters < 8) return "密码至少 8 个字符";
    if (characters > 128 || password.size() > 512) return "密码最多 128 个字符";
    if (letter + digit + other < 2) return "密码须同时包含字母、数字、其他符号中的至少两类";
    if (!account.empty() && password.find(account) != std::string_view::npos) return "密码不能包含账号";
    return {};
}

}  // namespace tongke::auth
