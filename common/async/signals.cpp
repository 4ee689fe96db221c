#include "common/async/signals.hpp"

#include <boost/asio.hpp>
#include <csignal>
#include <utility>

namespace tongke::async {

struct Signals::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& context, std::function<void(int)> stop, std::function<void()> reload)
        : set(context, SIGTERM, SIGINT, SIGHUP), on_stop(std::move(stop)), on_reload(std::move(reload)) {}

    void wait() {
        set.async_wait([self = shared_from_this()](boost::system::error_code error, int signal) {
            if (error || self->closed) return;
            if (signal == SIGHUP)
                self->on_reload();
            else
                self->on_stop(signal);
            if (!self->closed) self->wait();
        });
    }

    boost::asio::signal_set set;
    std::function<void(int)> on_stop;
    std::function<void()> on_reload;
    bool closed = false;
};

Signals::Signals(boost::asio::io_context& context, std::function<void(int)> on_stop,
                 std::function<void()> on_reload)
    : state_(std::make_shared<State>(context, std::move(on_stop), std::move(on_reload))) {
    std::signal(SIGPIPE, SIG_IGN);
    state_->wait();
}

Signals::~Signals() { close(); }

void Signals::close() {
    if (std::exchange(state_->closed, true)) return;
    boost::system::error_code ignored;
    state_->set.cancel(ignored);
}

}  // namespace tongke::async
