#include "relay/fleet/bundle_office.hpp"

#include "common/auth/digest.hpp"
#include "common/log/log.hpp"

namespace tongke::relay {

Result<StoredBundle> BundleOffice::stored_or_empty(const std::string& node) {
    auto stored = store_.bundle(node);
    if (!stored) return stored.error();
    return stored->value_or(StoredBundle{});
}

bool BundleOffice::half_over(const StoredBundle& bundle, WallTime now) const {
    // A clock that was set back must not leave a bundle valid far into the future either.
    return now >= bundle.issued + config_.validity / 2 || now < bundle.issued - std::chrono::minutes{10};
}

Result<StoredBundle> BundleOffice::current(const Node& node, const Roster& roster,
                                           const std::vector<Slot>& schedule, WallTime now) {
    auto& held = held_[node.id];
    if (held.generation == generation_ && !half_over(held.bundle, now)) return held.bundle;
    if (held.generation == 0) {
        auto stored = stored_or_empty(node.id);
        if (!stored) return stored.error();
        held.bundle = std::move(*stored);
    }
    const auto content = bundle_content(config_, node.id, node.county, roster, schedule, now);
    // The signing key is part of what a bundle stands for: its tokens are made with it.
    const auto digest = auth::sha256_hex(content + key_.kid());
    if (held.bundle.content != digest || half_over(held.bundle, now)) {
        const BundleStamp stamp{held.bundle.version + 1, now, now + config_.validity};
        StoredBundle fresh{stamp.version, digest, stamp.issued, stamp.valid_until,
                           sign_bundle(config_, node.id, content, stamp, key_)};
        if (auto saved = store_.save_bundle(node.id, fresh); !saved) return saved.error();
        log::info("fleet", "bundle {} of {} issued, {} bytes", fresh.version, node.id, fresh.jws.size());
        held.bundle = std::move(fresh);
    }
    held.generation = generation_;
    return held.bundle;
}

}  // namespace tongke::relay
