// The real program as a child process: its output line by line, signals, exit
// code. Every wait is until something happens or a deadline; a child that is
// left is killed.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tongke::test {

using namespace std::chrono_literals;

class RelayProcess {
  public:
    /// Starts TONGKE_RELAY with these words; `input` becomes its standard input.
    explicit RelayProcess(const std::vector<std::string>& words, const std::string& input = {});
    ~RelayProcess();
    RelayProcess(const RelayProcess&) = delete;
    RelayProcess& operator=(const RelayProcess&) = delete;

    /// The rest of the next line that holds `text`, after it; what was before is passed over.
    /// Fails the test at the deadline.
    std::string wait_for(const std::string& text, std::chrono::milliseconds limit = 20s);
    void signal(int number) const;
    /// The exit code (minus the signal's number for a kill); fails the test at the deadline.
    int wait(std::chrono::milliseconds limit = 20s);

    const std::string& out() const { return text_[0]; }
    const std::string& err() const { return text_[1]; }

  private:
    bool read_some(std::chrono::steady_clock::time_point deadline);

    pid_t pid_ = -1;
    int pipes_[2] = {-1, -1};
    std::string text_[2];
    std::size_t seen_[2] = {0, 0};
    std::optional<int> code_;
};

/// `words` run to their end.
struct Finished {
    int code;
    std::string out, err;
};
Finished run_relay(const std::vector<std::string>& words, const std::string& input = {});

/// A running serve on ports of its own; `toml` is put after the basic configuration, `words` on the command
/// line.
class RunningRelay {
  public:
    RunningRelay(const std::string& dir, const std::string& toml = {}, std::vector<std::string> words = {});

    RelayProcess& process() { return process_; }
    std::uint16_t rtmp_port() const { return rtmp_port_; }
    std::uint16_t http_port() const { return http_port_; }
    std::vector<std::string> beside(std::vector<std::string> words) const;

    static std::string config_file(const std::string& dir) { return dir + "/relay.toml"; }

  private:
    std::string dir_;
    RelayProcess process_;
    std::uint16_t rtmp_port_, http_port_;
};

/// A TCP connection to loopback that sends `text` and stays open.
class Connection {
  public:
    explicit Connection(std::uint16_t port, const std::string& text = {});
    ~Connection();
    Connection(const Connection&) = delete;
    /// Everything until the peer closes or the deadline.
    std::string rest(std::chrono::milliseconds limit = 10s);

  private:
    int fd_;
};

/// The whole answer, head and body.
std::string http_get(std::uint16_t port, const std::string& target, const std::string& headers = {});

}  // namespace tongke::test
