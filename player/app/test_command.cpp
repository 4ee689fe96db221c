#include "player/app/test_command.hpp"

#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>

#include "common/http/client.hpp"
#include "player/app/local_api.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;
constexpr int kPassed = 0, kFailed = 1, kIncomplete = 2, kCouldNotRun = 3;

/// Calls to the serving process, one at a time, on this thread.
class LocalCalls {
  public:
    explicit LocalCalls(LocalAccess access) : access_(std::move(access)), client_(io_) {}
    ~LocalCalls() {
        client_.stop([] {});
        io_.restart();
        io_.run();
    }

    Result<http::ClientAnswer> send(std::string method, const std::string& path, std::string body = {}) {
        http::ClientRequest request;
        request.method = std::move(method);
        request.url = fmt::format("http://127.0.0.1:{}{}", access_.port, path);
        request.headers = {{"Authorization", "Bearer " + access_.secret},
                           {"Content-Type", "application/json"}};
        request.body = std::move(body);
        std::optional<Result<http::ClientAnswer>> got;
        client_.send(std::move(request), [&](auto answer) { got = std::move(answer); });
        io_.restart();
        while (!got) io_.run_one();
        return std::move(*got);
    }

    void wait(std::chrono::milliseconds time) {
        boost::asio::steady_timer timer{io_, time};
        timer.wait();
    }

  private:
    LocalAccess access_;
    boost::asio::io_context io_{1};
    http::Client client_;
};

std::string text(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

json::object parsed(const http::ClientAnswer& answer) {
    Error error;
    auto value = json::parse(answer.text(), error);
    return !error && value.is_object() ? std::move(value.get_object()) : json::object{};
}

int exit_code(const std::string& verdict) {
    if (verdict == "passed" || verdict == "conditional") return kPassed;
    return verdict == "failed" ? kFailed : kIncomplete;
}

void tell(const json::object& test, std::ostream& out) {
    const auto verdict = text(test, "verdict");
    const auto* word = verdict == "passed"        ? "合格"
                       : verdict == "conditional" ? "有条件合格"
                       : verdict == "failed"      ? "不合格"
                                                  : "未完成";
    out << fmt::format("{} {}：{}（只测本节点，不含教室电脑与投影）\n", text(test, "room"),
                       text(test, "room_name"), word);
    if (const auto* reasons = test.if_contains("reasons"); reasons && reasons->is_array())
        for (const auto& reason : reasons->get_array())
            if (const auto* r = reason.if_object())
                out << fmt::format("  · {} {} → {}\n", text(*r, "code"), text(*r, "text"), text(*r, "next"));
    out << "  " << text(test, "confidence") << "\n";
}

int could_not_run(const std::string& why, std::ostream& err) {
    err << "tongke-player test: " << why << "\n";
    return kCouldNotRun;
}

}  // namespace

int run_test(const TestCommand& command, std::ostream& out, std::ostream& err) {
    const auto access = load_local_access(command.data_dir);
    if (!access) return could_not_run("节点没有在运行（先启动 tongke-player serve）", err);
    LocalCalls calls{*access};
    json::object ask{{"minutes", command.minutes}};
    if (!command.room.empty()) ask["room"] = command.room;
    const auto started = calls.send("POST", "/local/v1/tests", json::serialize(ask));
    if (!started) return could_not_run("节点没有答复：" + started.error().message(), err);
    const auto answer = parsed(*started);
    if (started->status != 201) return could_not_run(text(answer, "detail"), err);
    const auto path = "/local/v1/tests/" + text(answer, "room") + "/" + text(answer, "id");
    int silent = 0;
    while (true) {
        calls.wait(std::chrono::seconds{1});
        const auto look = calls.send("GET", path);
        if (!look || look->status != 200) {
            if (++silent > 10) return could_not_run("节点在测试中停止了答复", err);
            continue;
        }
        silent = 0;
        const auto test = parsed(*look);
        if (text(test, "state") == "running") continue;
        if (command.json)
            out << look->text() << "\n";
        else
            tell(test, out);
        return exit_code(text(test, "verdict"));
    }
}

}  // namespace tongke::player
