// Waits for the signals that mean something to a server: SIGTERM and SIGINT
// stop it, SIGHUP reloads (CONTRACT.md 2). Lives on one io_context; handlers
// run there. SIGPIPE is ignored for the process.
#pragma once
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tongke::async {

class Signals {
  public:
    Signals(boost::asio::io_context& context, std::function<void(int)> on_stop,
            std::function<void()> on_reload);
    ~Signals();
    /// Ends the wait, so that the context runs out of work. On the context's thread.
    void close();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tongke::async
