// Many RTMP players in one thread. After the handshake it only counts: bytes,
// and the longest time between two reads of one connection ("gap").
//   rtmp_load --host 127.0.0.1 --port 1935 --path 'live/main?token=T' --players 500 --seconds 60 --warmup 10
// Prints one line of JSON about the seconds after the warm-up.
#include <array>
#include <cstring>

#include "tests/bench/load.hpp"

namespace {

using namespace tongke::load;

std::string big_endian(std::uint64_t v, int width) {
    std::string out;
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift);
    return out;
}
std::string amf_string(std::string_view s) { return '\x02' + big_endian(s.size(), 2) + std::string(s); }
std::string amf_number(double d) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &d, 8);
    return '\0' + big_endian(bits, 8);
}
std::string amf_member(std::string_view name, std::string value) {
    return big_endian(name.size(), 2) + std::string(name) + std::move(value);
}

/// One command message, chunked at the default 128 bytes.
std::string command(char csid, char stream_id, const std::string& body) {
    std::string out;
    out += csid;
    out += big_endian(0, 3) + big_endian(body.size(), 3) + '\x14' + stream_id + std::string(3, '\0');
    for (std::size_t at = 0; at < body.size(); at += 128) {
        if (at) out += static_cast<char>(0xC0 | csid);
        out += body.substr(at, 128);
    }
    return out;
}

std::string commands_to_play(const std::string& host, int port, const std::string& path) {
    const auto slash = path.find('/');
    const auto app = path.substr(0, slash), name = path.substr(slash + 1);
    const auto connect = amf_string("connect") + amf_number(1) + '\x03' + amf_member("app", amf_string(app)) +
                         amf_member("tcUrl", amf_string(fmt::format("rtmp://{}:{}/{}", host, port, app))) +
                         big_endian(0, 2) + '\x09';
    const auto create = amf_string("createStream") + amf_number(2) + '\x05';
    const auto play = amf_string("play") + amf_number(0) + '\x05' + amf_string(name) + amf_number(-1000);
    return command(3, 0, connect) + command(3, 0, create) + command(8, 1, play);
}

struct Player {
    int fd = -1;
    std::size_t handshake = 0;  // bytes of S0 S1 S2 seen
    std::string s1;
    bool playing = false;
    bool closed = false;
    std::uint64_t bytes = 0;
    double last = 0;
    double longest_gap = 0;
};

constexpr std::size_t kHandshake = 1 + 1536 + 1536;

struct Load {
    Options options;
    std::string play;
    std::vector<Player> players;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    std::array<char, 1 << 18> buffer{};

    void open(std::size_t i, const std::string& host, int port) {
        auto& player = players[i];
        player.fd = connect_to(host, port);
        epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP, {.u64 = i}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, player.fd, &event);
    }

    void send_all(Player& player, const std::string& text) {
        if (send(player.fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            player.closed = true;
    }

    void on_writable(std::size_t i) {
        auto& player = players[i];
        epoll_event event{EPOLLIN | EPOLLRDHUP, {.u64 = i}};
        epoll_ctl(epoll, EPOLL_CTL_MOD, player.fd, &event);
        send_all(player, '\x03' + std::string(1536, '\0'));
    }

    void on_handshake(Player& player, std::string_view part) {
        for (const char c : part)
            if (++player.handshake >= 2 && player.handshake <= 1 + 1536) player.s1 += c;
        if (player.handshake < kHandshake || player.playing) return;
        player.playing = true;
        send_all(player, player.s1 + play);
        player.s1.clear();
        player.s1.shrink_to_fit();
    }

    void on_readable(std::size_t i, double now) {
        auto& player = players[i];
        const auto n = recv(player.fd, buffer.data(), buffer.size(), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) {
            player.closed = true;
            epoll_ctl(epoll, EPOLL_CTL_DEL, player.fd, nullptr);
            return;
        }
        if (!player.playing) return on_handshake(player, {buffer.data(), static_cast<std::size_t>(n)});
        player.bytes += static_cast<std::uint64_t>(n);
        if (player.last > 0) player.longest_gap = std::max(player.longest_gap, now - player.last);
        player.last = now;
    }

    void spin(double until, double open_every) {
        std::array<epoll_event, 512> events{};
        const auto host = options.text("host", "127.0.0.1");
        const int port = options.number("port", 1935);
        double next_open = now_s();
        while (now_s() < until) {
            while (opened < players.size() && now_s() >= next_open) {
                open(opened++, host, port);
                next_open += open_every;
            }
            const int n = epoll_wait(epoll, events.data(), events.size(), 20);
            const double now = now_s();
            for (int k = 0; k < n; ++k) {
                const auto i = static_cast<std::size_t>(events[static_cast<std::size_t>(k)].data.u64);
                if (events[static_cast<std::size_t>(k)].events & EPOLLOUT) on_writable(i);
                if (events[static_cast<std::size_t>(k)].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
                    on_readable(i, now);
            }
        }
    }
    std::size_t opened = 0;
};

}  // namespace

int main(int argc, char** argv) try {
    raise_file_limit();
    Load load{Options(argc, argv), {}, {}};
    const auto& options = load.options;
    load.play = commands_to_play(options.text("host", "127.0.0.1"), options.number("port", 1935),
                                 options.text("path", "live/main"));
    load.players.resize(static_cast<std::size_t>(options.number("players", 100)));
    const double warmup = options.number("warmup", 10), seconds = options.number("seconds", 30);
    load.spin(now_s() + warmup, warmup * 0.6 / static_cast<double>(load.players.size()));
    for (auto& player : load.players) player.bytes = 0, player.longest_gap = 0;
    fmt::print(stderr, "measuring\n");
    const double begin = now_s(), cpu = own_cpu_s();
    load.spin(begin + seconds, 0);
    const double end = now_s();

    std::uint64_t bytes = 0;
    std::size_t alive = 0;
    std::vector<double> gaps, each;
    for (auto& player : load.players) {
        bytes += player.bytes;
        alive += !player.closed && player.bytes > 0;
        gaps.push_back(std::max(player.longest_gap, player.last > 0 ? end - player.last : seconds));
        each.push_back(static_cast<double>(player.bytes));
    }
    const double most = *std::max_element(gaps.begin(), gaps.end());
    fmt::print(
        "{{\"players\":{},\"alive\":{},\"seconds\":{:.1f},\"bytes\":{},\"gap_p50_s\":{:.3f},\"gap_p99_s\":{:."
        "3f},"
        "\"gap_max_s\":{:.3f},\"bytes_min\":{:.0f},\"bytes_max\":{:.0f},\"own_cpu_s\":{:.2f}}}\n",
        load.players.size(), alive, end - begin, bytes, percentile(gaps, 0.5), percentile(gaps, 0.99), most,
        *std::min_element(each.begin(), each.end()), *std::max_element(each.begin(), each.end()),
        own_cpu_s() - cpu);
    return alive == load.players.size() ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "rtmp_load: {}\n", error.what());
    return 64;
}
