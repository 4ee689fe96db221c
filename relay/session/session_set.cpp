#include "relay/session/session_set.hpp"

#include <utility>

#include "common/time/ticks.hpp"

namespace tongke::relay {
namespace {

// What the kernel may hold unsent for one player; the rest stays in the log.
constexpr int kKernelUnsent = 512 * 1024;
constexpr Milliseconds kSweepEvery{1000};

}  // namespace

SessionSet::SessionSet(boost::asio::io_context& io, SessionContext context)
    : joins_(io.get_executor(), context.hub.clock()),
      context_(context),
      tasks_(io.get_executor()),
      timer_(io.get_executor()) {
    context_.joins = &joins_;
}

void SessionSet::start() { tasks_.spawn(sweep_every_second()); }

void SessionSet::adopt(Channel channel, std::uint64_t number) {
    ++context_.connections;
    net::prepare(channel.socket(), {kKernelUnsent, static_cast<int>(context_.limits.write_stall.count())});
    auto session = std::make_shared<Session>(context_, std::move(channel), number);
    sessions_.emplace(number, session.get());
    tasks_.spawn(serve(std::move(session), number));
}

void SessionSet::evict(std::uint64_t number) {
    const auto found = sessions_.find(number);
    if (found != sessions_.end() && !found->second->has_role()) found->second->stop(EndReason::crowded_out);
}

async::Task<> SessionSet::serve(std::shared_ptr<Session> session, std::uint64_t number) {
    if (!stopping_) co_await session->run(session);
    sessions_.erase(number);
    context_.anteroom.leave(number);
    --context_.connections;
}

async::Task<> SessionSet::sweep_every_second() {
    while (!stopping_) {
        timer_.expires_at(next_tick(std::chrono::steady_clock::now(), kSweepEvery));
        co_await timer_.async_wait(async::as_result);
        const auto now = context_.hub.clock().now();
        const auto wall = context_.hub.clock().wall();
        for (const auto& [number, session] : sessions_) session->sweep(now, wall);
        context_.metrics.sent(std::exchange(context_.sent_bytes, 0));
    }
}

Milliseconds SessionSet::ask_to_reconnect(Milliseconds least) {
    Milliseconds longest{0};
    for (const auto& [number, session] : sessions_)
        longest = std::max(longest, session->ask_to_reconnect(least));
    return longest;
}

std::vector<SubscriberInfo> SessionSet::subscribers(const std::string& stream) const {
    std::vector<SubscriberInfo> out;
    for (const auto& [number, session] : sessions_)
        if (auto info = session->subscriber(stream)) out.push_back(std::move(*info));
    return out;
}

void SessionSet::stop(std::function<void()> done) {
    stopping_ = true;
    timer_.cancel();
    joins_.stop();
    for (const auto& [number, session] : sessions_) session->stop(EndReason::server_stopping);
    tasks_.on_empty(std::move(done));
}

}  // namespace tongke::relay
