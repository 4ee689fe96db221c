#include "common/pull/hls_driver.hpp"

#include <charconv>

#include "common/async/aliases.hpp"
#include "common/http/client.hpp"

namespace tongke::pull {
namespace {

constexpr std::size_t kMaxBody = 32u << 20;

std::optional<Milliseconds> retry_after(const http::ClientAnswer& answer) {
    const auto text = answer.header("retry-after");
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || seconds < 0) return std::nullopt;
    return Milliseconds{1000} * std::min(seconds, 60);
}

class HlsDriver final : public Driver, public PullSink {
  public:
    HlsDriver(boost::asio::io_context& io, const Clock& clock, HlsPullConfig config, std::string ca_file,
              PullToken token, PullSink& sink)
        : clock_(clock),
          token_(std::move(token)),
          sink_(sink),
          client_(io, client_options(std::move(ca_file))),
          timer_(std::make_shared<async::Timer>(io.get_executor())),
          pull_(std::move(config), *this) {}

    void start() override {
        running_ = true;
        pull_.start(clock_.now());
        carry_out();
    }

    void stop(std::function<void()> stopped) override {
        running_ = false;
        timer_->cancel();
        fetches_.clear();
        client_.stop(std::move(stopped));
    }

    std::string url() const override { return pull_.base(); }
    std::uint64_t bytes() const override { return bytes_; }

    void pulled(hls::SharedSegment segment, const SegmentArrival& arrival) override {
        sink_.pulled(std::move(segment), arrival);
    }
    void relay_answered(SteadyTime at, std::int64_t end_pdt_ms) override {
        sink_.relay_answered(at, end_pdt_ms);
    }
    void line_lost(SteadyTime since, LostReason reason, const std::string& detail) override {
        client_.drop_idle();  // kept connections went through the same dead line
        sink_.line_lost(since, reason, detail);
    }
    void line_back(SteadyTime at) override { sink_.line_back(at); }
    void no_stream_yet() override { sink_.no_stream_yet(); }
    void raced() override { sink_.raced(); }

  private:
    static http::ClientOptions client_options(std::string ca_file) {
        http::ClientOptions options;
        options.ca_file = std::move(ca_file);
        options.user_agent = "tongke-player";
        return options;
    }

    void carry_out() {
        if (!running_) return;
        for (const auto& action : pull_.take_actions()) {
            std::visit([this](const auto& a) { carry_out(a); }, action);
        }
        arm();
    }

    void carry_out(const StartFetch& start) {
        http::ClientRequest request;
        request.url = start.url;
        request.deadline = start.deadline;
        request.fresh_connection = start.fresh;
        request.max_body = kMaxBody;
        if (const auto token = token_ ? token_(start.url) : std::string(); !token.empty()) {
            request.headers.emplace_back("Authorization", "Bearer " + token);
        }
        const auto id = start.id;
        request.on_head = [this, id](int) { on_bytes(id, 0); };
        request.on_body = [this, id](ByteView piece) { on_bytes(id, piece.size()); };
        fetches_[id] = client_.send(std::move(request), [this, id](Result<http::ClientAnswer> answer) {
            on_end(id, std::move(answer));
        });
    }

    void carry_out(const CancelFetch& cancel) {
        const auto it = fetches_.find(cancel.id);
        if (it == fetches_.end()) return;
        const auto running = it->second;
        fetches_.erase(it);
        client_.cancel(running);
    }

    void on_bytes(FetchId id, std::size_t count) {
        bytes_ += count;
        if (!fetches_.count(id)) return;
        pull_.on_bytes(id, count, clock_.now());
        // Not at once: we are inside the client's reading of this very connection.
        if (running_) arm();
    }

    void on_end(FetchId id, Result<http::ClientAnswer> answer) {
        if (!running_ || fetches_.erase(id) == 0) return;
        FetchEnd end;
        if (answer) {
            end.status = answer->status;
            end.retry_after = retry_after(*answer);
            end.body = std::move(answer->body);
            end.sent = answer->sent;
            end.first_byte = answer->first_byte;
            end.last_byte = answer->last_byte;
        } else {
            end.detail = answer.error().message();
        }
        pull_.on_end(id, std::move(end), clock_.now());
        carry_out();
    }

    /// The timer also carries out what on_bytes decided.
    void arm() {
        const auto at = pull_.has_actions() ? clock_.now() : pull_.wake();
        if (at == SteadyTime::max()) return;
        timer_->expires_at(at);
        timer_->async_wait([this, timer = timer_](Error error) {
            if (error || !running_) return;
            pull_.on_tick(clock_.now());
            carry_out();
        });
    }

    const Clock& clock_;
    PullToken token_;
    PullSink& sink_;
    http::Client client_;
    std::shared_ptr<async::Timer> timer_;
    HlsPull pull_;
    std::map<FetchId, http::Client::Id> fetches_;
    std::uint64_t bytes_ = 0;
    bool running_ = false;
};

}  // namespace

std::unique_ptr<Driver> make_hls_driver(boost::asio::io_context& io, const Clock& clock, HlsPullConfig config,
                                        std::string ca_file, PullToken token, PullSink& sink) {
    return std::make_unique<HlsDriver>(io, clock, std::move(config), std::move(ca_file), std::move(token),
                                       sink);
}

}  // namespace tongke::pull
