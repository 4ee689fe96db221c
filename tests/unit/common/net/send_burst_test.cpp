#include "common/net/send_burst.hpp"

#include <liburing.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

using namespace tongke;
using Way = net::SendBurst::Way;

namespace {

/// Two ends of a connection; what is sent into one is read at the other.
struct Line final : net::BurstSender {
    Line() {
        std::array<int, 2> ends{-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        socket = ends[0];
        peer = ends[1];
    }
    ~Line() {
        ::close(socket);
        if (peer >= 0) ::close(peer);
    }
    Line(const Line&) = delete;
    void on_sent(std::ptrdiff_t count) override {
        results.push_back(count);
        if (order) order->push_back(this);
    }
    Bytes read() const {
        Bytes out(1 << 20);
        const auto count = ::recv(peer, out.data(), out.size(), MSG_DONTWAIT);
        out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return out;
    }
    int socket = -1, peer = -1;
    std::vector<std::ptrdiff_t> results;
    std::vector<const Line*>* order = nullptr;
};

Bytes bytes_of(std::size_t line) { return Bytes(1 + line % 300, static_cast<std::uint8_t>(line)); }

/// From here on the calling thread, and no other, is refused that system call. False where filters are.
bool refuse(long call) {
    std::array<sock_filter, 4> program{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{program.size(), program.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0)
        return true;
    WARN("filters of system calls are not to be had here: not tested");
    return false;
}

/// What the kernel says, not what SendBurst makes of it.
bool kernel_has_it() {
    io_uring ring{};
    if (io_uring_queue_init(1, &ring, 0) != 0) return false;
    auto* known = io_uring_get_probe_ring(&ring);
    const bool has = known && io_uring_opcode_supported(known, IORING_OP_SEND);
    if (known) io_uring_free_probe(known);
    io_uring_queue_exit(&ring);
    return has;
}

Way either() { return GENERATE(Way::io_uring, Way::send); }

}  // namespace

TEST_CASE("io_uring is the way exactly where it is wanted and the kernel has it") {
    const bool has = kernel_has_it();
    if (!has) WARN("io_uring is not to be had here: its cases run with send");
    const net::SendBurst wanted(Way::io_uring), not_wanted(Way::send);
    CHECK((wanted.way() == Way::io_uring) == has);
    CHECK(static_cast<bool>(wanted.refusal()) != has);
    CHECK(not_wanted.way() == Way::send);
    CHECK_FALSE(not_wanted.refusal());
}

TEST_CASE("a burst of any size reaches every socket once, and tells every sender in order") {
    const auto way = either();
    const std::size_t count = GENERATE(1, 2, 511, 512, 513, 1100);
    net::SendBurst burst(way);
    std::vector<std::unique_ptr<Line>> lines;
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 100); ++i)
        lines.push_back(std::make_unique<Line>());
    for (std::size_t round = 0; round < 3; ++round) {
        std::vector<const Line*> asked, told;
        std::vector<Bytes> bytes, expected(lines.size());
        for (std::size_t i = 0; i < count; ++i) bytes.push_back(bytes_of(i + round));
        for (std::size_t i = 0; i < count; ++i) {
            const auto which = i % lines.size();
            lines[which]->order = &told;
            asked.push_back(lines[which].get());
            expected[which].insert(expected[which].end(), bytes[i].begin(), bytes[i].end());
            burst.add(lines[which]->socket, bytes[i], *lines[which]);
        }
        burst.submit();
        CHECK(told == asked);
        for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i]->read() == expected[i]);
    }
    const auto told_before = lines[0]->results.size();
    burst.submit();
    CHECK(lines[0]->results.size() == told_before);
}

TEST_CASE("a full socket takes a part, then nothing, and holds up nobody") {
    net::SendBurst burst(either());
    Line slow, other;
    const int small = 64 * 1024;
    REQUIRE(::setsockopt(slow.socket, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
    const Bytes much(4 << 20, 7);
    const Bytes little(10, 8);
    for (int i = 0; i < 2; ++i) {
        burst.add(slow.socket, much, slow);
        burst.add(other.socket, little, other);
        burst.submit();
    }
    REQUIRE(slow.results.size() == 2);
    CHECK(slow.results[0] > 0);
    CHECK(slow.results[0] < static_cast<std::ptrdiff_t>(much.size()));
    CHECK(slow.results[1] == -EAGAIN);
    CHECK(other.results == std::vector<std::ptrdiff_t>{10, 10});
    // Nothing comes later, when the socket has room again.
    std::size_t came = 0;
    for (auto part = slow.read(); !part.empty(); part = slow.read()) came += part.size();
    CHECK(came == static_cast<std::size_t>(slow.results[0]));
    burst.submit();
    CHECK(slow.read().empty());
}

TEST_CASE("a peer that has gone and a socket that is none are told to their senders only") {
    net::SendBurst burst(either());
    Line gone, closed, well;
    ::close(std::exchange(gone.peer, -1));
    const Bytes bytes(10, 1);
    burst.add(gone.socket, bytes, gone);
    burst.add(-1, bytes, closed);
    burst.add(well.socket, bytes, well);
    burst.submit();
    CHECK(gone.results == std::vector<std::ptrdiff_t>{-EPIPE});
    CHECK(closed.results == std::vector<std::ptrdiff_t>{-EBADF});
    CHECK(well.results == std::vector<std::ptrdiff_t>{10});
}

TEST_CASE("where no ring may be made, sends go one by one") {
    std::thread([] {
        if (!refuse(SYS_io_uring_setup)) return;
        net::SendBurst burst(Way::io_uring);
        CHECK(burst.way() == Way::send);
        CHECK(burst.refusal() == std::errc::operation_not_permitted);
        Line line;
        const Bytes bytes(10, 1);
        burst.add(line.socket, bytes, line);
        burst.submit();
        CHECK(line.read() == bytes);
    }).join();
}

TEST_CASE("a ring that fails under way loses nothing and sends nothing twice") {
    std::thread([] {
        net::SendBurst burst(Way::io_uring);
        if (burst.way() != Way::io_uring) return;
        Line first, second;
        const Bytes one(10, 1), two(20, 2);
        burst.add(first.socket, one, first);
        burst.submit();
        if (!refuse(SYS_io_uring_enter)) return;
        burst.add(first.socket, two, first);
        burst.add(second.socket, one, second);
        burst.submit();
        CHECK(burst.way() == Way::send);
        CHECK(burst.refusal() == std::errc::operation_not_permitted);
        CHECK(first.results == std::vector<std::ptrdiff_t>{10, 20});
        CHECK(second.results == std::vector<std::ptrdiff_t>{10});
        CHECK(first.read().size() == 30);
        CHECK(second.read() == one);
        burst.add(second.socket, two, second);
        burst.submit();
        CHECK(second.read() == two);
    }).join();
}
