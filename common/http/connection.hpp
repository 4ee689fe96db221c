// One accepted connection: reads requests one at a time, routes each, writes
// the answer, until either side ends it. Lives on one worker's io_context and
// is only touched there; `ended` is called once, when its coroutine is done.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "common/async/aliases.hpp"
#include "common/http/server_state.hpp"

namespace tongke::http {

using Socket = async::TcpSocket;

class Connection {
  public:
    virtual ~Connection() = default;
    /// Where there is no room for it the peer is told so, and when to come back, and the connection ends.
    struct Welcome {
        std::optional<Refusal> refusal;
        int retry_after_s = 0;
    };
    virtual void start(Welcome welcome, std::function<void()> ended) = 0;
    /// Since when nothing has been asked of it, and whether anything ever was; none while it is at work.
    struct Idle {
        bool has_asked = false;
        SteadyTime since{};
        auto operator<=>(const Idle&) const = default;
    };
    virtual std::optional<Idle> idle() const = 0;
    /// The server stops: an idle connection closes now, a busy one after its answer.
    virtual void finish() = 0;
    /// Closes at once.
    virtual void abort() = 0;
    /// The worker's sweep: ends a wait whose deadline has passed.
    virtual void check(SteadyTime now) = 0;
};

using SharedState = std::shared_ptr<ServerState>;
using SharedContext = std::shared_ptr<boost::asio::ssl::context>;
std::shared_ptr<Connection> make_connection(Socket socket, SharedState state, int worker);
std::shared_ptr<Connection> make_tls_connection(Socket socket, SharedState state, int worker,
                                                SharedContext context);

}  // namespace tongke::http
