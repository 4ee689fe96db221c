#include "player/link/relay_calls.hpp"

#include <boost/json.hpp>

#include "common/auth/node_request.hpp"
#include "common/time/format.hpp"

namespace tongke::player {

struct RelayCalls::Call {
    std::string method, path, query, body;
    Milliseconds deadline;
    bool again = false;
};

RelayCalls::RelayCalls(http::Client& client, const Clock& clock, const Identity& identity,
                       std::string relay_url)
    : client_(client), clock_(clock), identity_(identity), relay_url_(std::move(relay_url)) {}

void RelayCalls::send(std::string method, std::string path, std::string query, std::string body,
                      Milliseconds deadline, Done done) {
    send({std::move(method), std::move(path), std::move(query), std::move(body), deadline}, std::move(done));
}

void RelayCalls::send(Call call, Done done) {
    http::ClientRequest request;
    request.method = call.method;
    request.url = relay_url_ + call.path + (call.query.empty() ? "" : "?" + call.query);
    request.body = call.body;
    request.deadline = call.deadline;
    const auto token = auth::make_node_request(identity_.key, identity_.node,
                                               {call.method, call.path, call.body}, clock_.wall() + offset_);
    request.headers = {{"Authorization", "Bearer " + token}};
    if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    client_.send(std::move(request), [this, call = std::move(call),
                                      done = std::move(done)](Result<http::ClientAnswer> answer) mutable {
        if (answer && answer->status == 401 && learn_time(*answer) && !call.again) {
            call.again = true;
            return send(std::move(call), std::move(done));
        }
        done(std::move(answer));
    });
}

/// True when the relay told its time.
bool RelayCalls::learn_time(const http::ClientAnswer& answer) {
    boost::system::error_code error;
    const auto text = answer.text();
    const auto root = boost::json::parse({text.data(), text.size()}, error);
    const auto* object = error ? nullptr : root.if_object();
    const auto* now = object == nullptr ? nullptr : object->if_contains("now");
    if (now == nullptr || !now->is_string()) return false;
    const auto theirs = parse_iso8601({now->get_string().data(), now->get_string().size()});
    if (!theirs) return false;
    offset_ = *theirs - clock_.wall();
    return true;
}

}  // namespace tongke::player
