// The EventStream between a handler (any thread) and the connection that
// carries it: bounded text waiting to be sent, and two notices, one each way.
#pragma once
#include <functional>
#include <mutex>
#include <string>

#include "common/http/message.hpp"

namespace tongke::http {

class EventChannel final : public EventStream {
  public:
    explicit EventChannel(std::function<void()> on_close) : on_close_(std::move(on_close)) {}
    ~EventChannel() override { end(); }

    void event(std::string_view name, std::string_view data) override;
    void close() override { end(); }
    bool open() const override;

    /// The connection's side: `wake` runs after each event and at the end, from any thread.
    void attach(std::size_t unsent_bound, std::function<void()> wake);
    /// Everything waiting; the bytes count as unsent until the next take.
    std::string take();
    bool fell_behind() const;
    void end();

  private:
    mutable std::mutex mutex_;
    std::string waiting_;
    std::size_t in_flight_ = 0;
    std::size_t bound_ = 256 * 1024;
    bool open_ = true;
    bool fell_behind_ = false;
    std::function<void()> wake_;
    std::function<void()> on_close_;
};

}  // namespace tongke::http
