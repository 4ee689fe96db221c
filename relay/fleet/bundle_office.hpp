// Hands out county bundles: a new version when what it says has changed or half
// of its validity is over, kept in the database so that the version rises
// across restarts. Control thread.
#pragma once
#include <map>
#include <string>

#include "relay/fleet/bundle.hpp"
#include "relay/fleet/node_store.hpp"

namespace tongke::relay {

class BundleOffice {
  public:
    BundleOffice(NodeStore& store, auth::SigningKey key, BundleConfig config)
        : store_(store), key_(std::move(key)), config_(std::move(config)) {}

    /// The roster or the schedule is another one now: every bundle is looked at again when asked for.
    void changed() { ++generation_; }

    /// The node's bundle as of now; made anew only if need be.
    Result<StoredBundle> current(const Node& node, const Roster& roster, const std::vector<Slot>& schedule,
                                 WallTime now);

  private:
    struct Held {
        StoredBundle bundle;
        std::uint64_t generation = 0;
    };
    Result<StoredBundle> stored_or_empty(const std::string& node);
    bool half_over(const StoredBundle& bundle, WallTime now) const;

    NodeStore& store_;
    auth::SigningKey key_;
    BundleConfig config_;
    std::uint64_t generation_ = 1;
    std::map<std::string, Held> held_;
};

}  // namespace tongke::relay
