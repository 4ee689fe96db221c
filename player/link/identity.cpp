#include "player/link/identity.hpp"

#include <boost/json.hpp>

#include "common/base/error_category.hpp"
#include "player/link/files.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

const char* words(IdentityError error) {
    switch (error) {
        case IdentityError::not_enrolled:
            return "this node is not enrolled: run 'tongke-player enroll --relay URL --code CODE'";
        case IdentityError::damaged:
            return "node.json or node-key.pem is damaged: enrol this node again with a new code";
    }
    return nullptr;
}

std::string path_of(const std::string& data_dir) { return data_dir + "/node.json"; }

std::string text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string{} : std::string(*string);
}

}  // namespace

const boost::system::error_category& identity_category() {
    static const ErrorCategory<IdentityError> category{"identity", words};
    return category;
}

std::string node_key_path(const std::string& data_dir) { return data_dir + "/node-key.pem"; }

Result<Identity> load_identity(const std::string& data_dir) {
    const auto content = read_whole(path_of(data_dir), 64u << 10);
    if (!content) return IdentityError::not_enrolled;
    boost::system::error_code error;
    const auto root = json::parse(*content, error);
    const auto* object = error ? nullptr : root.if_object();
    if (object == nullptr) return IdentityError::damaged;
    auto relay_key = auth::VerifyKey::from_pem(text(*object, "relay_public_key"));
    auto key = auth::SigningKey::load(node_key_path(data_dir));
    const auto node = text(*object, "node");
    if (!relay_key || !key || node.empty()) return IdentityError::damaged;
    return Identity{node,
                    text(*object, "county_code"),
                    text(*object, "county_name"),
                    text(*object, "relay_url"),
                    std::move(*relay_key),
                    std::move(*key)};
}

Result<void> save_identity(const std::string& data_dir, std::string_view relay_url, std::string_view answer) {
    boost::system::error_code error;
    const auto root = json::parse({answer.data(), answer.size()}, error);
    const auto* object = error ? nullptr : root.if_object();
    if (object == nullptr) return IdentityError::damaged;
    const auto* county = object->if_contains("county");
    const auto* place = county == nullptr ? nullptr : county->if_object();
    const auto node = text(*object, "node"), pem = text(*object, "relay_public_key");
    if (node.empty() || place == nullptr || !auth::VerifyKey::from_pem(pem)) return IdentityError::damaged;
    const json::object kept{{"node", node},
                            {"county_code", text(*place, "code")},
                            {"county_name", text(*place, "name")},
                            {"relay_url", json::string_view{relay_url.data(), relay_url.size()}},
                            {"relay_public_key", pem}};
    return write_whole(path_of(data_dir), json::serialize(kept));
}

}  // namespace tongke::player
