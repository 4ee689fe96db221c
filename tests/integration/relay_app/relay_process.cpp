#include "tests/integration/relay_app/relay_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

#include "tests/support/catch.hpp"

namespace tongke::test {
namespace {

using Clock = std::chrono::steady_clock;

int left_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

// 127.0.0.1 with the numeric port after "(port ".
std::uint16_t port_in(const std::string& rest) {
    const auto at = rest.find("(port ");
    REQUIRE(at != std::string::npos);
    return static_cast<std::uint16_t>(std::stoi(rest.substr(at + 6)));
}

std::string write_config(const std::string& dir, const std::string& toml) {
    std::ofstream(RunningRelay::config_file(dir))
        << "data_dir = \"" << dir
        << "/data\"\n[rtmp]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n"
        << "[stream.main]\npublish_key = \"key-main\"\n"
        << toml;
    return RunningRelay::config_file(dir);
}

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

}  // namespace

RelayProcess::RelayProcess(const std::vector<std::string>& words, const std::string& input) {
    int in[2], out[2], err[2];
    REQUIRE((pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0));
    pid_ = fork();
    if (pid_ == 0) {
        dup2(in[0], 0), dup2(out[1], 1), dup2(err[1], 2);
        for (const int fd : {in[0], in[1], out[0], out[1], err[0], err[1]}) close(fd);
        std::vector<char*> argv{const_cast<char*>(TONGKE_RELAY)};
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        execv(TONGKE_RELAY, argv.data());
        _exit(127);
    }
    close(in[0]), close(out[1]), close(err[1]);
    REQUIRE(write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    close(in[1]);
    pipes_[0] = out[0], pipes_[1] = err[0];
    for (const int fd : pipes_) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

RelayProcess::~RelayProcess() {
    if (!code_) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    for (const int fd : pipes_)
        if (fd >= 0) close(fd);
}

// False once both outputs have ended or the deadline is over.
bool RelayProcess::read_some(Clock::time_point deadline) {
    std::array<pollfd, 2> wanted{{{pipes_[0], POLLIN, 0}, {pipes_[1], POLLIN, 0}}};
    if (pipes_[0] < 0 && pipes_[1] < 0) return false;
    if (poll(wanted.data(), wanted.size(), left_ms(deadline)) <= 0) return false;
    for (std::size_t i = 0; i < 2; ++i) {
        if (wanted[i].revents == 0) continue;
        std::array<char, 4096> bytes{};
        const auto n = read(pipes_[i], bytes.data(), bytes.size());
        if (n > 0)
            text_[i].append(bytes.data(), static_cast<std::size_t>(n));
        else
            close(std::exchange(pipes_[i], -1));
    }
    return true;
}

std::string RelayProcess::wait_for(const std::string& text, std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        for (std::size_t i = 0; i < 2; ++i) {
            const auto& all = text_[i];
            const auto at = all.find(text, seen_[i]);
            const auto end = at == std::string::npos ? at : all.find('\n', at);
            if (end == std::string::npos) continue;
            seen_[i] = end;
            return all.substr(at + text.size(), end - at - text.size());
        }
        if (!read_some(deadline)) break;
    }
    FAIL("no line with \"" << text << "\" in: " << out() << err());
    return {};
}

void RelayProcess::signal(int number) const { REQUIRE(kill(pid_, number) == 0); }

int RelayProcess::wait(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    while (read_some(deadline)) {
    }
    if (pipes_[0] >= 0 || pipes_[1] >= 0) FAIL("still running after " << limit.count() << " ms: " << err());
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return *code_;
}

Finished run_relay(const std::vector<std::string>& words, const std::string& input) {
    RelayProcess process(words, input);
    const int code = process.wait();
    return {code, process.out(), process.err()};
}

RunningRelay::RunningRelay(const std::string& dir, const std::string& toml, std::vector<std::string> words)
    : dir_(dir),
      process_(joined({"--config", write_config(dir, toml), "serve"}, words)),
      rtmp_port_(port_in(process_.wait_for("[rtmp] listening on"))),
      http_port_(port_in(process_.wait_for("[http] listening on"))) {
    process_.wait_for("ready:");
}

std::vector<std::string> RunningRelay::beside(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--config", config_file(dir_)});
    return words;
}

Connection::Connection(std::uint16_t port, const std::string& text) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    REQUIRE(send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

Connection::~Connection() { close(fd_); }

std::string Connection::rest(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    std::string all;
    for (pollfd wanted{fd_, POLLIN, 0}; poll(&wanted, 1, left_ms(deadline)) > 0;) {
        std::array<char, 4096> bytes{};
        const auto n = recv(fd_, bytes.data(), bytes.size(), 0);
        if (n <= 0) return all;
        all.append(bytes.data(), static_cast<std::size_t>(n));
    }
    FAIL("the connection was not closed; so far: " << all);
    return all;
}

std::string http_get(std::uint16_t port, const std::string& target, const std::string& headers) {
    Connection connection(
        port, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
    return connection.rest();
}

}  // namespace tongke::test
