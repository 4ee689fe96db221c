// The RTMP sessions of one worker, on that worker: runs their coroutines, looks
// at their deadlines once a second, and ends them all at the stop.
#pragma once
#include <unordered_map>

#include "common/async/task_group.hpp"
#include "relay/session/session.hpp"

namespace tongke::relay {

class SessionSet {
  public:
    SessionSet(boost::asio::io_context& io, SessionContext context);

    void start();
    void adopt(Channel channel, std::uint64_t number);
    /// Closes that connection at once (crowded_out), unless it has a role by now.
    void evict(std::uint64_t number);
    /// Players are asked to play from elsewhere; see Session.
    Milliseconds ask_to_reconnect(Milliseconds least);
    std::vector<SubscriberInfo> subscribers(const std::string& stream) const;
    /// Ends every session; `done` is called once nothing runs here any more.
    void stop(std::function<void()> done);

  private:
    async::Task<> serve(std::shared_ptr<Session> session, std::uint64_t number);
    async::Task<> sweep_every_second();

    JoinQueue joins_;
    SessionContext context_;
    async::TaskGroup tasks_;
    async::Timer timer_;
    std::unordered_map<std::uint64_t, Session*> sessions_;  // by number
    bool stopping_ = false;
};

}  // namespace tongke::relay
