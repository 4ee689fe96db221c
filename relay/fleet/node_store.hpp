// Nodes, their keys, the one-time codes that make them, and their newest county
// bundle, in the database. Control thread, or a command's own process.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/store/database.hpp"

namespace tongke::relay {

struct Node {
    std::string id;  // "n-510113-1"
    std::string county;
    std::string public_key;  // PEM
    WallTime enrolled{};
    std::optional<WallTime> last_seen;  // by the relay's clock, written at most every 30 s
    std::string last_boot;
    bool revoked = false;
};

struct StoredBundle {
    std::int64_t version = 0;
    std::string content;  // digest of what the version stands for
    WallTime issued{}, valid_until{};
    std::string jws;
};

class NodeStore {
  public:
    explicit NodeStore(store::Database& database) : db_(database) {}

    Result<void> migrate();
    Result<std::vector<Node>> nodes();
    Result<void> seen(const std::string& node, WallTime at, const std::string& boot);

    /// `code_hash`: sha256_hex of the normalised code; the code itself is never stored.
    Result<void> add_invite(const std::string& code_hash, const std::string& county, WallTime now,
                            WallTime expires);

    enum class Refusal { none, unknown_code, expired_code, used_code };
    struct Enrolled {
        Refusal refusal = Refusal::none;
        Node node;
    };
    /// Uses the code for this key, once. The same key with the same code again (the answer was
    /// lost), or with a new code of the same county, gets the same node back.
    Result<Enrolled> enrol(const std::string& code_hash, const std::string& public_key, WallTime now);

    Result<std::optional<StoredBundle>> bundle(const std::string& node);
    Result<void> save_bundle(const std::string& node, const StoredBundle& bundle);

  private:
    Result<std::optional<Node>> node_with_key(const std::string& county, const std::string& public_key);
    Result<Node> add_node(const std::string& county, const std::string& public_key, WallTime now);

    store::Database& db_;
};

}  // namespace tongke::relay
