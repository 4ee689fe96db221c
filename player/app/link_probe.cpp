#include "player/app/link_probe.hpp"

namespace tongke::player {
namespace {

constexpr Milliseconds kLongest{9'000};  // the next probe follows 10 s after this one began

struct Seen {
    std::uint64_t own = 0, others_before = 0;
    std::optional<SteadyTime> first;
    SteadyTime last{};
};

}  // namespace

std::string http_base(const std::string& upstream_url, const std::string& relay_url) {
    const auto url = http::Url::parse(upstream_url);
    if (url) return url->origin();
    const auto relay = http::Url::parse(relay_url);
    return relay ? relay->origin() : std::string{};
}

void probe_link(http::Client& client, const ProbeTarget& target, std::function<std::uint64_t()> other_bytes,
                std::function<void(std::optional<LinkProbe>)> done) {
    const auto seen = std::make_shared<Seen>();
    http::ClientRequest request;
    request.url = target.base_url + target.path;
    request.headers = {{"Authorization", "Bearer " + target.token}};
    request.deadline = kLongest;
    request.keep_body = false;
    request.on_body = [seen, other_bytes](ByteView piece) {
        seen->last = std::chrono::steady_clock::now();
        if (!seen->first) {  // its clock starts here: the bytes before belong to the wait
            seen->first = seen->last;
            seen->others_before = other_bytes();
            return;
        }
        seen->own += piece.size();
    };
    client.send(std::move(request), [seen, other_bytes, done](Result<http::ClientAnswer> answer) {
        const bool cut =
            answer.has_error() && answer.error() == http::ClientError::deadline;  // too slow is a measure
        const bool whole = answer.has_value() && answer->status == 200;
        if ((!whole && !cut) || !seen->first || seen->own == 0) return done(std::nullopt);
        const auto end = cut ? std::chrono::steady_clock::now() : seen->last;
        const auto seconds = std::chrono::duration<double>(end - *seen->first).count();
        if (seconds <= 0) return done(std::nullopt);
        const auto others = other_bytes() - seen->others_before;
        done(LinkProbe{static_cast<std::int64_t>(seen->own + others), seconds});
    });
}

}  // namespace tongke::player
