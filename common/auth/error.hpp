// What can be wrong with a credential; each has its own message, because the
// person at the other end must learn what to do next.
#pragma once
#include "common/base/result.hpp"

namespace tongke::auth {

enum class AuthError {
    malformed = 1,    // not a compact JWS, or its claims are not what they must be
    bad_signature,    // made by another key, or changed since
    unknown_key,      // header kid names a key we do not have
    expired,          // its time is over (leave_at, exp, one-time code)
    join_over,        // join_until has passed; who already plays may stay
    not_this_stream,  // valid, but for another stream
    clock_skew,       // issued in our future or too far in our past: the sender's clock is wrong
    wrong_request,    // method, path or body digest is not the one that was signed
    replayed,         // this request was seen before
    overloaded,       // the replay window is full
    bad_key,          // key file or PEM unreadable or not EC P-256
    bad_csr,          // certificate request unreadable or not signed by its own key
    bad_password_hash,
    audit_broken,
};

Error make_error_code(AuthError e);

/// A stable word for logs, counters and problem codes: "expired", "not_this_stream" …
const char* name(AuthError e);
/// The same for a code of any category: the category's AuthError name or "internal".
const char* reason_of(const Error& e);

}  // namespace tongke::auth

template <>
struct boost::system::is_error_code_enum<tongke::auth::AuthError> : std::true_type {};
