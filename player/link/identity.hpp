// Who this node is, as enrolment settled it: its id and county, the relay it
// dials and the relay's public key, pinned (CONTRACT.md §6). Kept in
// DATA_DIR/node.json; the node's own key in DATA_DIR/node-key.pem (0600) never
// leaves the machine. Read once at start-up.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/key.hpp"
#include "common/base/result.hpp"

namespace tongke::player {

struct Identity {
    std::string node;
    std::string county_code, county_name;
    std::string relay_url;  // as given to enroll, without a trailing slash
    auth::VerifyKey relay_key;
    auth::SigningKey key;
};

enum class IdentityError { not_enrolled = 1, damaged };
const boost::system::error_category& identity_category();
inline Error make_error_code(IdentityError e) { return {static_cast<int>(e), identity_category()}; }

std::string node_key_path(const std::string& data_dir);
Result<Identity> load_identity(const std::string& data_dir);

/// The relay's answer to enrolment (`answer` is its JSON), checked and kept. Errors: damaged, or errno's.
Result<void> save_identity(const std::string& data_dir, std::string_view relay_url, std::string_view answer);

}  // namespace tongke::player

template <>
struct boost::system::is_error_code_enum<tongke::player::IdentityError> : std::true_type {};
