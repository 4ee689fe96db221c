// POST, GET and DELETE /api/v1/session.
#include <fmt/core.h>

#include <boost/json.hpp>

#include "common/auth/password.hpp"
#include "relay/api/access.hpp"
#include "relay/api/control_state.hpp"
#include "relay/api/guard.hpp"

namespace tongke::relay {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxSignInBytes = 4096;
constexpr int kSignInsAtOnce = 4;  // of one account from one address

struct SignIn {
    std::string account, password;
};

std::optional<SignIn> read_sign_in(std::string_view body) {
    boost::system::error_code error;
    const auto root = json::parse({body.data(), body.size()}, error);
    if (error || !root.is_object()) return std::nullopt;
    const auto* account = root.get_object().if_contains("account");
    const auto* password = root.get_object().if_contains("password");
    if (account == nullptr || password == nullptr || !account->is_string() || !password->is_string())
        return std::nullopt;
    SignIn out{std::string{account->get_string()}, std::string{password->get_string()}};
    if (out.account.empty() || out.account.size() > 64 || out.password.size() > 256) return std::nullopt;
    return out;
}

std::string session_json(const Account& account) {
    return json::serialize(
        json::object{{"account", account.account},
                     {"name", account.name},
                     {"role", auth::role_name(account.role)},
                     {"rooms", json::array(account.rooms.begin(), account.rooms.end())},
                     {"county", account.county.empty() ? json::value(nullptr)
                                                       : json::value(json::string(account.county))}});
}

std::string cookie(std::string_view token, std::int64_t max_age_s, bool tls) {
    return fmt::format("tongke_relay={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", token, max_age_s,
                       tls ? "; Secure" : "");
}

http::Response locked(Milliseconds wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return http::problem(429, "locked",
                         fmt::format("密码连续输错，已暂停登录，请约 {} 分钟后再试；忘记密码请联系系统管理员",
                                     (seconds + 59) / 60))
        .with("Retry-After", std::to_string(seconds));
}

class Attempt : public std::enable_shared_from_this<Attempt> {
  public:
    Attempt(SharedState state, http::Request request, http::Reply reply, SignIn asked)
        : state_(std::move(state)),
          request_(std::move(request)),
          reply_(std::move(reply)),
          asked_(std::move(asked)) {}

    void begin() {
        const auto wait =
            state_->sign_in_lockout.locked_for(asked_.account, request_.peer, state_->clock.now());
        if (wait > Milliseconds::zero()) {
            state_->refused("locked", request_, asked_.account);
            return reply_(locked(wait));
        }
        auto& running = state_->sign_ins_running[pair()];
        if (running >= kSignInsAtOnce) return busy("too_many_attempts");
        const auto* account = state_->fleet.roster().account(asked_.account);
        if (account != nullptr && account->active) stored_ = account->password;
        ++running;
        if (!state_->in_background([self = shared_from_this()] { self->check(); },
                                   [self = shared_from_this()] { self->finish(); })) {
            done();
            busy("busy");
        }
    }

  private:
    std::pair<std::string, std::string> pair() const { return {asked_.account, request_.peer}; }

    void busy(const std::string& code) {
        reply_(http::problem(429, code, "登录请求过多，请稍候几秒再试").with("Retry-After", "3"));
    }

    /// Background thread. An account that does not exist takes as long as one that does.
    void check() {
        if (stored_.empty()) {
            auth::verify_nobody(asked_.password);
            return;
        }
        const auto right = auth::verify_password(asked_.password, stored_);
        right_ = right && *right;
    }

    void done() {
        const auto running = state_->sign_ins_running.find(pair());
        if (running != state_->sign_ins_running.end() && --running->second <= 0)
            state_->sign_ins_running.erase(running);
    }

    void finish() {
        done();
        // The account may have been changed while its password was checked.
        const auto* account = state_->fleet.roster().account(asked_.account);
        if (!right_ || account == nullptr || !account->active || account->password != stored_) return wrong();
        state_->sign_in_lockout.succeeded(asked_.account, request_.peer);
        if (!may_sign_in(account->role)) {
            state_->audit({account->account, "login", "", "use_node_page", request_.peer});
            return reply_(http::problem(403, "use_node_page", "班主任和技术人员请打开本县节点的网页登录"));
        }
        admit(*account);
    }

    void wrong() {
        const bool locks = state_->sign_in_lockout.failed(asked_.account, request_.peer, state_->clock.now());
        state_->audit({asked_.account, "login", "", locks ? "locked" : "wrong_password", request_.peer});
        reply_(
            http::problem(401, "wrong_password", "账号或密码不对，请核对后重试；忘记密码请联系系统管理员"));
    }

    void admit(const Account& account) {
        if (!state_->audit({account.account, "login", "", "ok", request_.peer}))
            return reply_(http::problem(503, "audit_failed", "审计记录无法保存，暂不能登录；请联系运维"));
        const auto token = state_->sessions.open(account, state_->clock.wall());
        if (!token) return reply_(store_problem(token.error()));
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(state_->config.session_idle).count();
        reply_(http::json_response(session_json(account))
                   .with("Set-Cookie", cookie(*token, seconds, request_.tls)));
    }

    SharedState state_;
    http::Request request_;
    http::Reply reply_;
    SignIn asked_;
    std::string stored_;
    bool right_ = false;
};

void sign_in(const SharedState& state, const http::Request& request, const http::Reply& reply) {
    if (auto refusal = refuse_body(request, kMaxSignInBytes)) return reply(std::move(*refusal));
    auto asked = read_sign_in(request.body);
    if (!asked) return reply(http::problem(400, "bad_request", "请填写账号和密码"));
    std::make_shared<Attempt>(state, request, reply, std::move(*asked))->begin();
}

void sign_out(const SharedState& state, const http::Request& request, const http::Reply& reply) {
    if (auto refusal = refuse_foreign_page(request)) return reply(std::move(*refusal));
    const std::string token{request.cookie("tongke_relay")};
    if (const auto* account = state->sessions.account_of(token, state->fleet.roster(), state->clock.wall()))
        state->audit({account->account, "logout", "", "ok", request.peer});
    if (auto closed = state->sessions.close(token); !closed) return reply(store_problem(closed.error()));
    for (auto& watcher : state->watchers)
        if (watcher.session_token == token) watcher.stream->close();
    http::Response response;
    response.status = 204;
    reply(
        std::move(response.with("Set-Cookie", cookie("", 0, request.tls)).with("Cache-Control", "no-store")));
}

}  // namespace

void add_session_routes(http::Router& router, const SharedState& state) {
    const auto& post = state->hooks.post;
    router.add(
        "POST", "/api/v1/session",
        [state](const http::Request& request, http::Reply reply) { sign_in(state, request, reply); }, post);
    router.add(
        "GET", "/api/v1/session",
        [state](const http::Request& request, http::Reply reply) {
            if (const auto* account = state->signed_in(request, reply))
                reply(http::json_response(session_json(*account)));
        },
        post);
    router.add(
        "DELETE", "/api/v1/session",
        [state](const http::Request& request, http::Reply reply) { sign_out(state, request, reply); }, post);
}

}  // namespace tongke::relay
