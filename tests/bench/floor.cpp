// What fan-out costs a program that only writes, the floor for one system call a send. It lays an FLV file
// out as the same wire bytes a relay sends, and at each video frame's time (or every
// --merge-ms by the clock) writes what is new to every socket, one send for each. No
// protocol, no log, no rights: whatever a server costs above this is its own.
//   floor --port 1936 --file lesson.flv [--merge-ms 0] [--how send|sendfile|io_uring]
// Speaks just enough of the RTMP handshake for rtmp_load. Runs until SIGTERM.
#include <liburing.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "common/media/flv.hpp"
#include "common/rtmp/wire.hpp"
#include "tests/bench/load.hpp"

namespace {

using namespace tongke;
using namespace tongke::load;

constexpr std::size_t kHandshake = 1 + 1536 + 1536;
volatile std::sig_atomic_t stopping = 0;

/// The whole file as wire bytes, and where each flush of it ends.
struct Reel {
    struct Flush {
        std::uint32_t at_ms;
        std::size_t end;
    };
    Bytes bytes;
    std::vector<Flush> flushes;
    std::uint32_t length_ms = 0;
    int memory_file = -1;
};

Reel load_reel(const std::string& path, int merge_ms) {
    std::ifstream in(path, std::ios::binary);
    const Bytes file{std::istreambuf_iterator<char>(in), {}};
    flv::FileReader reader;
    const auto tags = reader.feed(file);
    if (!in || !tags || tags->empty()) throw std::runtime_error("no FLV file: " + path);
    Reel reel;
    const auto merge = static_cast<std::uint32_t>(merge_ms);
    for (const auto& tag : *tags) {
        if (tag.type != 8 && tag.type != 9) continue;
        // Whatever came before its time goes with it.
        for (auto due = reel.flushes.empty() ? merge : reel.flushes.back().at_ms + merge;
             merge > 0 && due <= tag.timestamp; due += merge)
            reel.flushes.push_back({due, reel.bytes.size()});
        const auto type = tag.type == 9 ? rtmp::MessageType::video : rtmp::MessageType::audio;
        rtmp::append_message(reel.bytes, rtmp::media_header(type, tag.timestamp), tag.body);
        reel.length_ms = std::max(reel.length_ms, tag.timestamp + 40);
        if (tag.type == 9 && merge == 0) reel.flushes.push_back({tag.timestamp, reel.bytes.size()});
    }
    if (reel.flushes.empty()) throw std::runtime_error("nothing to send: " + path);
    reel.flushes.back().end = reel.bytes.size();
    reel.memory_file = memfd_create("reel", MFD_CLOEXEC);
    if (reel.memory_file < 0 || write(reel.memory_file, reel.bytes.data(), reel.bytes.size()) !=
                                    static_cast<ssize_t>(reel.bytes.size()))
        throw std::runtime_error("no memory file");
    return reel;
}

enum class How { send, sendfile, io_uring };

How parse_how(const std::string& text) {
    if (text == "send") return How::send;
    if (text == "sendfile") return How::sendfile;
    if (text == "io_uring") return How::io_uring;
    throw std::runtime_error("--how is send, sendfile or io_uring, not " + text);
}

/// Many sends in one system call.
class Ring {
  public:
    Ring() {
        if (const int failed = io_uring_queue_init(kEntries, &ring_, 0); failed < 0)
            throw std::runtime_error(fmt::format("io_uring: error {}", -failed));
    }
    ~Ring() { io_uring_queue_exit(&ring_); }
    Ring(const Ring&) = delete;

    /// `done(id, sent)` is called for those that are through by now.
    template <class Done>
    void send(int fd, const std::uint8_t* data, std::size_t size, std::size_t id, Done done) {
        if (queued_ == kEntries) flush(done);
        auto* entry = io_uring_get_sqe(&ring_);
        io_uring_prep_send(entry, fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        io_uring_sqe_set_data64(entry, id);
        ++queued_;
    }
    template <class Done>
    void flush(Done done) {
        if (queued_ == 0) return;
        if (const int failed = io_uring_submit_and_wait(&ring_, queued_); failed < 0 && failed != -EINTR)
            throw std::runtime_error(fmt::format("io_uring: error {}", -failed));
        io_uring_cqe* entry = nullptr;
        for (; queued_ > 0 && io_uring_peek_cqe(&ring_, &entry) == 0; --queued_) {
            done(static_cast<std::size_t>(entry->user_data), entry->res);
            io_uring_cqe_seen(&ring_, entry);
        }
    }

  private:
    static constexpr unsigned kEntries = 1024;
    io_uring ring_{};
    unsigned queued_ = 0;
};

struct Subscriber {
    int fd = -1;
    std::size_t heard = 0;
    std::size_t position = 0;  // in the reel
    bool playing = false;
};

class Floor {
  public:
    Floor(Reel reel, int port, How how) : reel_(std::move(reel)), how_(how) {
        if (how_ == How::io_uring) ring_.emplace();
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener_, 4096) != 0)
            throw std::runtime_error("cannot listen");
        watch(listener_, 0);
    }

    void run() {
        double begin = now_s();
        for (std::size_t next = 0; !stopping;) {
            const auto& flush = reel_.flushes[next];
            const double due = begin + flush.at_ms / 1e3;
            if (const double wait = due - now_s(); wait > 0) {
                poll(static_cast<int>(wait * 1e3) + 1);
                continue;
            }
            head_ = flush.end;
            for (auto& subscriber : subscribers_) send_new(subscriber);
            if (ring_) ring_->flush(sent_);
            if (++next == reel_.flushes.size()) {
                next = 0;
                begin += reel_.length_ms / 1e3;
                // Who is behind is taken along, and who joins now too: the next turn begins at the front for
                // all.
                head_ = 0;
                for (auto& subscriber : subscribers_) subscriber.position = 0;
            }
        }
    }

  private:
    void watch(int fd, std::size_t id) {
        epoll_event event{EPOLLIN, {.u64 = id}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void poll(int wait_ms) {
        epoll_event events[256];
        const int n = epoll_wait(epoll_, events, 256, wait_ms);
        for (int i = 0; i < n; ++i)
            events[i].data.u64 == 0 ? accept_all() : hear(subscribers_[events[i].data.u64 - 1]);
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            subscribers_.push_back({.fd = fd});
            watch(fd, subscribers_.size());
        }
    }

    void hear(Subscriber& s) {
        char buffer[8192];
        const auto n = recv(s.fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            close(s.fd);
            s.fd = -1;
            return;
        }
        if (s.heard == 0 && send(s.fd, std::string(kHandshake, '\x03').data(), kHandshake, MSG_NOSIGNAL) < 0)
            return;
        s.heard += static_cast<std::size_t>(n);
        if (s.playing || s.heard <= kHandshake) return;
        s.playing = true;
        s.position = head_;
    }

    void send_new(Subscriber& s) {
        if (!s.playing || s.fd < 0 || s.position >= head_) return;
        const auto count = head_ - s.position;
        if (how_ == How::io_uring) {
            const auto id = static_cast<std::size_t>(&s - subscribers_.data());
            return ring_->send(s.fd, reel_.bytes.data() + s.position, count, id, sent_);
        }
        ssize_t sent = 0;
        if (how_ == How::sendfile) {
            auto from = static_cast<off_t>(s.position);
            sent = sendfile(s.fd, reel_.memory_file, &from, count);
        } else {
            sent = send(s.fd, reel_.bytes.data() + s.position, count, MSG_NOSIGNAL);
        }
        if (sent > 0) s.position += static_cast<std::size_t>(sent);
    }

    Reel reel_;
    How how_;
    std::optional<Ring> ring_;
    std::function<void(std::size_t, int)> sent_ = [this](std::size_t id, int count) {
        if (count > 0) subscribers_[id].position += static_cast<std::size_t>(count);
    };
    int listener_ = -1;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::size_t head_ = 0;
    std::vector<Subscriber> subscribers_;
};

}  // namespace

int main(int argc, char** argv) try {
    raise_file_limit();
    std::signal(SIGPIPE, SIG_IGN);
    for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, [](int) { stopping = 1; });
    const Options options(argc, argv);
    Floor(load_reel(options.text("file", "lesson.flv"), options.number("merge-ms", 0)),
          options.number("port", 1936), parse_how(options.text("how", "send")))
        .run();
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "floor: {}\n", error.what());
    return 64;
}
