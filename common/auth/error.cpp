#include "common/auth/error.hpp"

#include <array>

#include "common/base/error_category.hpp"

namespace tongke::auth {
namespace {

struct Words {
    const char* name;
    const char* message;
};

constexpr std::array<Words, 15> kWords{{
    {"ok", "no error"},
    {"malformed", "the token is not a well-formed ES256 token with the claims expected here"},
    {"bad_signature", "the signature does not match: made with another key or changed since"},
    {"unknown_key", "the key that signed this is not known here: enrol again or ask for a new token"},
    {"expired", "its time is over: ask for a new one"},
    {"join_over", "the time to join is over: ask for a new token"},
    {"not_this_stream", "the token is valid for another stream"},
    {"clock_skew", "the sender's clock is wrong: set it by the Date header of the answer"},
    {"wrong_request", "the signature was made for another method, path or body"},
    {"replayed", "this very request was received before"},
    {"overloaded", "too many requests are remembered: try again in a minute"},
    {"bad_key", "the key is unreadable or not an EC P-256 key"},
    {"bad_csr", "the certificate request is unreadable or not signed by its own key"},
    {"bad_password_hash", "the stored password hash is unreadable: set the password again"},
    {"audit_broken", "the audit trail is broken: run audit verify"},
}};

const char* words(AuthError error) {
    const auto i = static_cast<std::size_t>(error);
    return i < kWords.size() ? kWords[i].message : nullptr;
}

const boost::system::error_category& category() {
    static const ErrorCategory<AuthError> instance{"auth", words};
    return instance;
}

}  // namespace

Error make_error_code(AuthError e) { return {static_cast<int>(e), category()}; }

const char* name(AuthError e) {
    const auto i = static_cast<std::size_t>(e);
    return i < kWords.size() ? kWords[i].name : "internal";
}

const char* reason_of(const Error& e) {
    return e.category() == category() ? name(static_cast<AuthError>(e.value())) : "internal";
}

}  // namespace tongke::auth
