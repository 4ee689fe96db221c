// Many RTMP players in one thread. After the handshake it only counts: bytes,
// and the time between two reads of one connection. "gap_each_p99_s" is of every
// such gap of all players; "gap_p50_s", "gap_p99_s" and "gap_max_s" are of each
// player's longest.
//   rtmp_load --host 127.0.0.1 --port 1935 --path 'live/main?token=T' --players 500 --seconds 60 --warmup 10
// With --reconnect 1 a player that loses its connection comes back as a node does: at once, and where that
// fails within the window that the relay told; then "first_media" says when (unix time) media came back.
// Prints one line of JSON about the seconds after the warm-up; "join" says how long after its commands
// (connect, createStream and play together) each player had media for the first time.
#include <array>
#include <cstring>
#include <random>

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
                         amf_member("capsEx", amf_number(1)) + big_endian(0, 2) + '\x09';
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
    std::size_t heard = 0;   // since this connection plays
    double window = 0;       // seconds over which the relay wants its players back
    double retry_at = 0;     // 0: it is connected, or trying
    int failures = 0;        // since the loss
    bool lost = false;       // and no media since
    double first_media = 0;  // unix time, after the last loss
    double asked = 0;        // when it sent its commands for the first time
    double join = 0;         // seconds from then to media
};

/// How many gaps were how long; a gap longer than the last bin counts as that.
class Gaps {
  public:
    void add(double seconds) {
        ++count_;
        ++bins_[std::min(static_cast<std::size_t>(std::max(seconds, 0.0) / kBin), bins_.size() - 1)];
    }
    void clear() { *this = Gaps{}; }
    /// Seconds, to a tenth of a millisecond; 0 of none.
    double percentile(double share) const {
        const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < bins_.size(); ++i) {
            below += bins_[i];
            if (below > rank) return static_cast<double>(i) * kBin;
        }
        return 0;
    }

  private:
    static constexpr double kBin = 1e-4;
    std::vector<std::uint64_t> bins_ = std::vector<std::uint64_t>(20'000);
    std::uint64_t count_ = 0;
};

// The conversation before media is less.
constexpr std::size_t kConversation = 4096;

double unix_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// AMF0: the property's name, then a number of milliseconds.
double told_window(std::string_view text, double before) {
    constexpr std::string_view name{"\0\6window\0", 9};
    const auto at = text.find(name);
    if (at == text.npos || text.size() < at + name.size() + 8) return before;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 8; ++i)
        bits = bits << 8 | static_cast<std::uint8_t>(text[at + name.size() + i]);
    double ms = 0;
    std::memcpy(&ms, &bits, 8);
    return ms / 1000;
}

constexpr std::size_t kHandshake = 1 + 1536 + 1536;

struct Load {
    Options options;
    std::string play;
    std::vector<Player> players;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    std::array<char, 1 << 18> buffer{};

    void open(std::size_t i, const std::string& host, int port) {
        auto& player = players[i];
        player.retry_at = 0;
        player.handshake = player.heard = 0;
        player.s1.clear();
        player.playing = false;
        try {
            player.fd = connect_to(host, port);
        } catch (const std::runtime_error&) {
            if (!reconnect) throw;
            player.fd = -1;
            return lose(player);
        }
        epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP, {.u64 = i}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, player.fd, &event);
    }

    void send_all(Player& player, const std::string& text) {
        if (send(player.fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            player.closed = true;
    }

    void lose(Player& player) {
        if (player.fd >= 0) close(player.fd);  // and leaves the epoll with it
        player.fd = -1;
        if (!reconnect) {
            player.closed = true;
            return;
        }
        ++losses;
        const double back_off = std::min(2.0, 0.1 * static_cast<double>(1 << std::min(player.failures, 5)));
        const double within = player.failures == 0 ? 0 : std::max(player.window, back_off);
        player.retry_at = now_s() + within * std::uniform_real_distribution<double>(0, 1)(random);
        ++player.failures;
        player.lost = true;
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
        if (player.asked == 0) player.asked = now_s();
        send_all(player, player.s1 + play);
        player.s1.clear();
        player.s1.shrink_to_fit();
    }

    void on_readable(std::size_t i, double now) {
        auto& player = players[i];
        const auto n = recv(player.fd, buffer.data(), buffer.size(), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) {
            return lose(player);
        }
        if (!player.playing) return on_handshake(player, {buffer.data(), static_cast<std::size_t>(n)});
        if (player.heard < kConversation)
            player.window = told_window({buffer.data(), static_cast<std::size_t>(n)}, player.window);
        player.heard += static_cast<std::size_t>(n);
        if (player.join == 0 && player.heard > kConversation) player.join = now_s() - player.asked;
        if (player.lost && player.heard > kConversation) {
            player.lost = false;
            player.failures = 0;
            player.first_media = unix_now();
        }
        player.bytes += static_cast<std::uint64_t>(n);
        if (player.last > 0) {
            player.longest_gap = std::max(player.longest_gap, now - player.last);
            all_gaps.add(now - player.last);
        }
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
            if (reconnect)
                for (std::size_t i = 0; i < opened; ++i)
                    if (players[i].retry_at > 0 && now >= players[i].retry_at) open(i, host, port);
            for (int k = 0; k < n; ++k) {
                const auto i = static_cast<std::size_t>(events[static_cast<std::size_t>(k)].data.u64);
                if (players[i].fd < 0) continue;
                if (events[static_cast<std::size_t>(k)].events & (EPOLLERR | EPOLLHUP)) {
                    lose(players[i]);
                    continue;
                }
                if (events[static_cast<std::size_t>(k)].events & EPOLLOUT) on_writable(i);
                if (events[static_cast<std::size_t>(k)].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
                    on_readable(i, now);
            }
        }
    }
    std::size_t opened = 0;
    bool reconnect = false;
    std::uint64_t losses = 0;
    Gaps all_gaps;
    std::mt19937 random{std::random_device{}()};
};

}  // namespace

int main(int argc, char** argv) try {
    raise_file_limit();
    Load load{.options = Options(argc, argv)};
    const auto& options = load.options;
    load.play = commands_to_play(options.text("host", "127.0.0.1"), options.number("port", 1935),
                                 options.text("path", "live/main"));
    load.reconnect = options.number("reconnect", 0) != 0;
    load.players.resize(static_cast<std::size_t>(options.number("players", 100)));
    const double warmup = options.number("warmup", 10), seconds = options.number("seconds", 30);
    load.spin(now_s() + warmup, warmup * 0.6 / static_cast<double>(load.players.size()));
    for (auto& player : load.players) player.bytes = 0, player.longest_gap = 0;
    load.all_gaps.clear();
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
    std::vector<double> first_media, join;
    std::size_t waiting = 0;
    for (const auto& player : load.players) {
        if (player.join > 0) join.push_back(player.join);
        if (player.first_media > 0) first_media.push_back(player.first_media);
        waiting += player.lost;
    }
    const double most = *std::max_element(gaps.begin(), gaps.end());
    fmt::print(
        "{{\"players\":{},\"alive\":{},\"seconds\":{:.1f},\"bytes\":{},\"gap_p50_s\":{:.3f},\"gap_p99_s\":{:."
        "3f},"
        "\"gap_each_p99_s\":{:.4f},"
        "\"gap_max_s\":{:.3f},\"bytes_min\":{:.0f},\"bytes_max\":{:.0f},\"own_cpu_s\":{:.2f},\"losses\":{},"
        "\"waiting\":{},"
        "\"first_media\":{{\"count\":{},\"p50\":{:.3f},\"p95\":{:.3f},\"max\":{:.3f}}},"
        "\"join\":{{\"count\":{},\"p50\":{:.4f},\"p95\":{:.4f},\"max\":{:.4f}}}}}\n",
        load.players.size(), alive, end - begin, bytes, percentile(gaps, 0.5), percentile(gaps, 0.99),
        load.all_gaps.percentile(0.99), most, *std::min_element(each.begin(), each.end()),
        *std::max_element(each.begin(), each.end()), own_cpu_s() - cpu, load.losses, waiting,
        first_media.size(), percentile(first_media, 0.5), percentile(first_media, 0.95),
        percentile(first_media, 1), join.size(), percentile(join, 0.5), percentile(join, 0.95),
        percentile(join, 1));
    return alive == load.players.size() ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "rtmp_load: {}\n", error.what());
    return 64;
}
