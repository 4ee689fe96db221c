// The sends of one flush: the same moment, many sockets, each its own bytes.
// Where the kernel has io_uring they go down in one system call; where it has
// not, or it is not wanted, each is a send(2) of its own. Never waits for a
// socket: what it does not take now comes back as -EAGAIN. TLS does not come
// through here. One per worker, on whose thread everything is called; what both
// ways cost: docs/choices.md.
#pragma once
#include <cstddef>
#include <memory>
#include <system_error>
#include <vector>

#include "common/base/bytes.hpp"

namespace tongke::net {

/// Whose bytes they are.
class BurstSender {
  public:
    /// `count`: how many bytes the socket took, at least 1, or -errno. Adds nothing to the burst.
    virtual void on_sent(std::ptrdiff_t count) = 0;

  protected:
    ~BurstSender() = default;
};

class SendBurst {
  public:
    enum class Way { io_uring, send };
    /// Falls back to send where the kernel, a seccomp filter that answers or a memory limit refuses a ring.
    explicit SendBurst(Way wanted);
    ~SendBurst();
    SendBurst(const SendBurst&) = delete;
    SendBurst& operator=(const SendBurst&) = delete;

    Way way() const { return ring_ ? Way::io_uring : Way::send; }
    /// Why it is not the way that was wanted, if it is not.
    std::error_code refusal() const { return refusal_; }
    /// `bytes` (not empty) and `sender` stay until the sender has been called: by the end of the next
    /// submit(), or from here.
    void add(int socket, ByteView bytes, BurstSender& sender);
    /// Every sender has been called when it returns, in the order of add().
    void submit();

  private:
    struct Ring;
    struct Send {
        int socket;
        ByteView bytes;
        BurstSender* sender;
        std::ptrdiff_t count;
    };
    std::ptrdiff_t send_a_byte();
    int send_through_ring(std::vector<Send>& sends);
    void do_without(int failed);

    std::unique_ptr<Ring> ring_;  // null: send
    std::error_code refusal_;
    std::vector<Send> waiting_, under_way_;
};

}  // namespace tongke::net
