#include "common/net/send_burst.hpp"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "common/log/log.hpp"

namespace tongke::net {
namespace {

// In one system call. Measured with 500 and 2,000 readers: the price falls up to here and then no more.
constexpr unsigned kAtOnce = 512;
constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
constexpr std::ptrdiff_t kNotTold = PTRDIFF_MIN;

std::ptrdiff_t send_now(int socket, ByteView bytes) {
    const auto count = ::send(socket, bytes.data(), bytes.size(), kFlags);
    return count < 0 ? -errno : count;
}

}  // namespace

struct SendBurst::Ring {
    ~Ring() {
        if (open) io_uring_queue_exit(&ring);
    }
    /// 0, or -errno.
    int start() {
        const int failed = io_uring_queue_init(kAtOnce, &ring, 0);
        open = failed == 0;
        return failed;
    }
    void prepare(std::size_t id, int socket, ByteView bytes) {
        auto* entry = io_uring_get_sqe(&ring);  // there is room: all of them go with each submit
        io_uring_prep_send(entry, socket, bytes.data(), bytes.size(), kFlags);
        io_uring_sqe_set_data64(entry, id);
    }
    template <class Told>
    void take_results(Told told) {
        io_uring_cqe* entry = nullptr;
        while (io_uring_peek_cqe(&ring, &entry) == 0) {
            told(static_cast<std::size_t>(io_uring_cqe_get_data64(entry)), entry->res);
            io_uring_cqe_seen(&ring, entry);
        }
    }
    io_uring ring{};
    bool open = false;
};

SendBurst::SendBurst(Way wanted) {
    if (wanted == Way::send) return;
    ring_ = std::make_unique<Ring>();
    if (const int failed = ring_->start(); failed < 0)
        do_without(failed);
    else if (const auto sent = send_a_byte(); sent != 1)
        do_without(static_cast<int>(sent));
}

/// A kernel may have the ring and not this operation. 1, or -errno.
std::ptrdiff_t SendBurst::send_a_byte() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return -errno;
    const std::array<std::uint8_t, 1> byte{};
    std::vector<Send> one{{ends[0], byte, nullptr, kNotTold}};
    const int failed = send_through_ring(one);
    for (const int end : ends) ::close(end);
    return failed < 0 ? failed : one.front().count;
}

SendBurst::~SendBurst() = default;

void SendBurst::do_without(int failed) {
    refusal_ = {-failed, std::system_category()};
    ring_.reset();
}

void SendBurst::add(int socket, ByteView bytes, BurstSender& sender) {
    if (!ring_) return sender.on_sent(send_now(socket, bytes));
    waiting_.push_back({socket, bytes, &sender, kNotTold});
    if (waiting_.size() == kAtOnce) submit();
}

void SendBurst::submit() {
    if (waiting_.empty()) return;
    under_way_.swap(waiting_);
    if (const int failed = send_through_ring(under_way_); failed < 0) {
        // Also where the kernel was short of memory for a moment: send loses nothing but a little time.
        // Before the rest is sent, so that none is sent twice.
        do_without(failed);
        log::warn("net", "io_uring fails ({}): a system call for each send from now on", refusal_.message());
        for (auto& send : under_way_)
            if (send.count == kNotTold) send.count = send_now(send.socket, send.bytes);
    }
    for (const auto& send : under_way_) send.sender->on_sent(send.count);
    under_way_.clear();
}

/// MSG_DONTWAIT: the kernel is through with each when the call returns, and asks for nothing later. -errno
/// where the ring is of no use any more; those that it has not sent have no count then.
int SendBurst::send_through_ring(std::vector<Send>& sends) {
    auto left = sends.size();
    for (std::size_t i = 0; i < sends.size(); ++i) ring_->prepare(i, sends[i].socket, sends[i].bytes);
    int failed = 0;
    while (left > 0 && failed == 0) {
        const int submitted = io_uring_submit_and_wait(&ring_->ring, static_cast<unsigned>(left));
        ring_->take_results([&](std::size_t id, int result) {
            sends[id].count = result;
            --left;
        });
        if (submitted < 0 && submitted != -EINTR) failed = submitted;
    }
    return failed;
}

}  // namespace tongke::net
