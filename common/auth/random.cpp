#include "common/auth/random.hpp"

#include <openssl/rand.h>

#include <stdexcept>

#include "common/auth/digest.hpp"

namespace tongke::auth {
namespace {

// 30 characters that are not mistaken for one another when read out or written down.
constexpr std::string_view kLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string readable(std::size_t groups) {
    std::string out;
    while (out.size() < groups * 5 - 1) {
        if (out.size() % 5 == 4) out += '-';
        std::uint8_t byte = 0;
        do byte = random_bytes(1)[0];
        while (byte >= 240);  // 8 × 30: every letter equally likely
        out += kLetters[byte % kLetters.size()];
    }
    return out;
}

}  // namespace

Bytes random_bytes(std::size_t count) {
    Bytes out(count);
    if (RAND_bytes(out.data(), static_cast<int>(count)) != 1)
        throw std::runtime_error("the system gives no random numbers");
    return out;
}

std::string random_hex(std::size_t bytes) { return to_hex(random_bytes(bytes)); }
std::string random_token(std::size_t bytes) { return base64url(random_bytes(bytes)); }
std::string one_time_code() { return readable(3); }
std::string random_password() { return readable(4); }

std::string normalised_code(std::string_view typed) {
    std::string letters;
    for (char c : typed.substr(0, 64)) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (kLetters.find(c) != std::string_view::npos) letters += c;
    }
    std::string out;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (i != 0 && i % 4 == 0) out += '-';
        out += letters[i];
    }
    return out;
}

}  // namespace tongke::auth
