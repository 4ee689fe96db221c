#include "player/link/upload.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

namespace tongke::player {
namespace {

constexpr Milliseconds kDeadline = std::chrono::seconds{10};

std::optional<double> retry_after(const http::ClientAnswer& answer) {
    const auto text = answer.header("retry-after");
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > 3600)
        return std::nullopt;
    return seconds;
}

}  // namespace

telemetry::UploaderPorts upload_ports(boost::asio::io_context& io, RelayCalls& calls) {
    telemetry::UploaderPorts ports;
    using Answer = telemetry::UploaderPorts::Answer;
    ports.post = [&calls](std::string body, std::function<void(Result<Answer>)> done) {
        calls.send("POST", "/api/v1/node/telemetry", "", std::move(body), kDeadline,
                   [done = std::move(done)](const Result<http::ClientAnswer>& answer) {
                       if (!answer) return done(answer.error());
                       done(Answer{answer->status, std::string(answer->text()), retry_after(*answer)});
                   });
    };
    auto timer = std::make_shared<boost::asio::steady_timer>(io);
    ports.wait = [timer](Milliseconds delay, std::function<void()> then) {
        timer->cancel();
        if (!then) return;
        timer->expires_after(delay);
        timer->async_wait([timer, then = std::move(then)](const Error& error) {
            if (!error) then();
        });
    };
    return ports;
}

}  // namespace tongke::player
