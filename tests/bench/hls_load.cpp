// Many keep-alive HLS players in one thread: each reads the media playlist once
// a second and fetches every segment that is new to it, as a player does that
// starts at the live edge. Bodies are counted and thrown away.
//   hls_load --host 127.0.0.1 --port 8080 --playlist /hls/main/live.m3u8 --bearer T --players 200 --seconds
//   60 --warmup 10
// With --reconnect 1 a player that loses its connection, or is told 5xx, comes back within a second or so;
// then "first_media" says when (unix time) segments came back, and "fell" how often a MEDIA-SEQUENCE did.
// Prints one line of JSON about the seconds after the warm-up.
#include <array>
#include <deque>
#include <random>
#include <set>

#include "tests/bench/load.hpp"

namespace {

using namespace tongke::load;

struct Want {
    std::string path;
    double listed = 0;
};

struct Player {
    int fd = -1;
    bool closed = false;
    bool busy = false;
    bool in_body = false;
    bool for_playlist = true;
    bool failed = false;
    double next_poll = 0;
    double sent = 0;
    std::string head;  // response header, or the playlist's body
    std::size_t body_left = 0;
    std::deque<Want> wanted;
    Want now{};
    std::set<std::string> seen;
    bool first = true;
    double retry_at = 0;       // 0: it is connected
    bool lost = false;         // and no segment since
    double first_segment = 0;  // unix time, after the last loss
    long long msn = -1;
};

struct Totals {
    std::uint64_t bytes = 0, segments = 0, playlists = 0, errors = 0, dropped = 0, late = 0, losses = 0,
                  fell = 0;
    std::vector<double> fetch, after_listed;
};

class Load {
  public:
    explicit Load(Options options)
        : options_(std::move(options)),
          host_(options_.text("host", "127.0.0.1")),
          port_(options_.number("port", 8080)),
          playlist_(options_.text("playlist", "/hls/main/live.m3u8")),
          folder_(playlist_.substr(0, playlist_.rfind('/') + 1)) {
        const auto bearer = options_.text("bearer", "");
        extra_ =
            "Host: " + host_ + "\r\n" + (bearer.empty() ? "" : "Authorization: Bearer " + bearer + "\r\n");
        players_.resize(static_cast<std::size_t>(options_.number("players", 100)));
        const double begin = now_s();
        for (std::size_t i = 0; i < players_.size(); ++i) {
            open(i);
            // Spread over a second: real players do not share a clock.
            players_[i].next_poll = begin + static_cast<double>(i) / static_cast<double>(players_.size());
        }
    }

    void spin(double until) {
        std::array<epoll_event, 512> events{};
        while (now_s() < until) {
            const int n = epoll_wait(epoll_, events.data(), events.size(), 5);
            for (int k = 0; k < n; ++k)
                on_readable(players_[static_cast<std::size_t>(events[static_cast<std::size_t>(k)].data.u64)]);
            const double now = now_s();
            for (std::size_t i = 0; i < players_.size(); ++i) {
                auto& player = players_[i];
                if (player.retry_at > 0 && now >= player.retry_at) open(i);
                if (player.fd >= 0 && !player.busy && !player.closed && now >= player.next_poll)
                    poll(player, now);
            }
        }
    }

    Totals totals;
    std::size_t count() const { return players_.size(); }
    const std::vector<Player>& players() const { return players_; }

  private:
    void open(std::size_t i) {
        players_[i].retry_at = 0;
        try {
            players_[i].fd = connect_to(host_, port_);
        } catch (const std::runtime_error&) {
            if (!reconnect_) throw;
            return lose(players_[i]);
        }
        epoll_event event{EPOLLIN | EPOLLRDHUP, {.u64 = i}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, players_[i].fd, &event);
    }

    void request(Player& player, const std::string& path, double now) {
        // Each is somebody else: token, address and user agent are what the relay tells them by.
        const auto text = "GET " + path + " HTTP/1.1\r\n" + extra_ + "User-Agent: hls_load/" +
                          std::to_string(&player - players_.data()) + "\r\n\r\n";
        player.busy = true;
        player.in_body = false;
        player.head.clear();
        player.sent = now;
        if (send(player.fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            drop(player);
    }

    void poll(Player& player, double now) {
        player.for_playlist = true;
        player.next_poll = std::max(player.next_poll + 1.0, now);
        request(player, playlist_, now);
    }

    void drop(Player& player) {
        if (player.closed) return;
        if (reconnect_) return lose(player);
        player.closed = true;
        ++totals.dropped;
        epoll_ctl(epoll_, EPOLL_CTL_DEL, player.fd, nullptr);
        close(player.fd);
    }

    /// As hls.js does: again within a second, and what was asked for is asked for once more.
    void lose(Player& player) {
        if (player.fd >= 0) close(player.fd);
        player.fd = -1;
        ++totals.losses;
        player.lost = true;
        player.busy = player.in_body = false;
        player.wanted.clear();
        player.retry_at = now_s() + 0.1 + std::uniform_real_distribution<double>(0, 1)(random_);
        player.next_poll = player.retry_at;
    }

    void on_readable(Player& player) {
        if (player.fd < 0) return;
        const auto n = recv(player.fd, buffer_.data(), buffer_.size(), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return;
        if (n <= 0) return drop(player);
        take(player, {buffer_.data(), static_cast<std::size_t>(n)});
    }

    void take(Player& player, std::string_view part) {
        if (!player.in_body) {
            player.head += part;
            const auto end = player.head.find("\r\n\r\n");
            if (end == std::string::npos) return;
            const auto body = player.head.substr(end + 4);
            begin_body(player, end);
            return take_body(player, body);
        }
        take_body(player, part);
    }

    void begin_body(Player& player, std::size_t end) {
        std::string head = player.head.substr(0, end);
        std::transform(head.begin(), head.end(), head.begin(),
                       [](char c) { return static_cast<char>(std::tolower(c)); });
        const auto at = head.find("content-length:");
        player.body_left = at == std::string::npos ? 0 : std::stoul(head.substr(at + 15));
        player.failed = head.compare(9, 3, "200") != 0;
        // While the relay is away, or has no playlist yet, 5xx is what a player waits through.
        if (player.failed && reconnect_ && head[9] == '5')
            player.lost = true;
        else if (player.failed)
            ++totals.errors;
        player.head.clear();
        player.in_body = true;
    }

    void take_body(Player& player, std::string_view part) {
        const auto used = std::min(part.size(), player.body_left);
        totals.bytes += used;
        if (player.for_playlist) player.head += part.substr(0, used);
        player.body_left -= used;
        if (player.body_left == 0) finish(player);
    }

    void finish(Player& player) {
        const double now = now_s();
        player.busy = player.in_body = false;
        if (player.failed) {
            player.wanted.clear();
        } else if (player.for_playlist) {
            ++totals.playlists;
            read_playlist(player, now);
        } else {
            ++totals.segments;
            if (player.lost) {
                player.lost = false;
                player.first_segment =
                    std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                        .count();
            }
            totals.fetch.push_back(now - player.sent);
            totals.after_listed.push_back(now - player.now.listed);
            totals.late += now - player.now.listed > 1.0;
        }
        if (player.wanted.empty()) return;
        player.now = player.wanted.front();
        player.wanted.pop_front();
        player.for_playlist = false;
        request(player, player.now.path, now);
    }

    void read_playlist(Player& player, double now) {
        constexpr std::string_view kSequence = "#EXT-X-MEDIA-SEQUENCE:";
        if (const auto found = player.head.find(kSequence); found != std::string::npos) {
            const auto msn = std::atoll(player.head.c_str() + found + kSequence.size());
            totals.fell += msn < player.msn;
            player.msn = msn;
        }
        std::vector<std::string> uris;
        for (std::size_t at = 0; at < player.head.size();) {
            auto end = player.head.find('\n', at);
            if (end == std::string::npos) end = player.head.size();
            auto line = player.head.substr(at, end - at);
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (!line.empty() && line[0] != '#') uris.push_back(folder_ + line);
            at = end + 1;
        }
        for (const auto& uri : uris)
            if (player.seen.insert(uri).second && !player.first) player.wanted.push_back({uri, now});
        player.first = false;
        if (player.seen.size() > 400) player.seen = {uris.begin(), uris.end()};
    }

    Options options_;
    bool reconnect_ = options_.number("reconnect", 0) != 0;
    std::mt19937 random_{std::random_device{}()};
    std::string host_;
    int port_;
    std::string playlist_, folder_, extra_;
    std::vector<Player> players_;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::array<char, 1 << 18> buffer_{};
};

}  // namespace

int main(int argc, char** argv) try {
    raise_file_limit();
    const Options options(argc, argv);
    Load load(options);
    load.spin(now_s() + options.number("warmup", 10));
    load.totals = {};
    fmt::print(stderr, "measuring\n");
    const double begin = now_s(), cpu = own_cpu_s();
    load.spin(begin + options.number("seconds", 30));
    auto& t = load.totals;
    std::vector<double> first;
    std::size_t waiting = 0;
    for (const auto& player : load.players()) {
        if (player.first_segment > 0) first.push_back(player.first_segment);
        waiting += player.lost;
    }
    const double most =
        t.after_listed.empty() ? -1 : *std::max_element(t.after_listed.begin(), t.after_listed.end());
    fmt::print(
        "{{\"players\":{},\"seconds\":{:.1f},\"bytes\":{},\"segments\":{},\"playlists\":{},\"errors\":{},"
        "\"dropped\":{},"
        "\"later_than_1s\":{},\"fetch_p50_s\":{:.4f},\"fetch_p99_s\":{:.4f},\"listed_max_s\":{:.4f},\"own_"
        "cpu_s\":{:.2f},\"losses\":{},\"fell\":{},\"waiting\":{},"
        "\"first_media\":{{\"count\":{},\"p50\":{:.3f},\"p95\":{:.3f},\"max\":{:.3f}}}}}\n",
        load.count(), now_s() - begin, t.bytes, t.segments, t.playlists, t.errors, t.dropped, t.late,
        percentile(t.fetch, 0.5), percentile(t.fetch, 0.99), most, own_cpu_s() - cpu, t.losses, t.fell,
        waiting, first.size(), percentile(first, 0.5), percentile(first, 0.95), percentile(first, 1));
    return t.errors || t.dropped ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "hls_load: {}\n", error.what());
    return 64;
}
