#include "player/link/enroll.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "common/http/client.hpp"
#include "player/link/identity.hpp"

namespace tongke::player {
namespace {

namespace json = boost::json;

Result<http::ClientAnswer> post(const EnrolRequest& request, std::string body) {
    boost::asio::io_context io;
    http::ClientOptions options;
    options.ca_file = request.ca_file;
    http::Client client(io, options);
    Result<http::ClientAnswer> result = http::ClientError::cancelled;
    http::ClientRequest call;
    call.method = "POST";
    call.url = request.relay_url + "/api/v1/node/enroll";
    call.headers = {{"Content-Type", "application/json"}};
    call.body = std::move(body);
    client.send(std::move(call), [&](Result<http::ClientAnswer> answer) {
        result = std::move(answer);
        client.stop([] {});
    });
    io.run();
    return result;
}

std::string words_of(const http::ClientAnswer& answer) {
    boost::system::error_code error;
    const auto text = answer.text();
    const auto root = json::parse({text.data(), text.size()}, error);
    const auto* object = error ? nullptr : root.if_object();
    const auto* detail = object == nullptr ? nullptr : object->if_contains("detail");
    if (detail == nullptr || !detail->is_string()) return "中心回答 " + std::to_string(answer.status);
    return std::string(detail->get_string());
}

}  // namespace

bool enrol(const EnrolRequest& request, std::ostream& out, std::ostream& err) {
    const auto key = auth::SigningKey::load_or_create(node_key_path(request.data_dir));
    const auto body =
        json::serialize(json::object{{"code", request.code}, {"csr", key.make_csr("tongke-player")}});
    const auto answer = post(request, body);
    if (!answer) {
        err << "无法连接中心 " << request.relay_url << "：" << answer.error().message() << '\n';
        return false;
    }
    if (answer->status != 200) {
        err << "入网未成功：" << words_of(*answer) << '\n';
        return false;
    }
    const auto saved = save_identity(request.data_dir, request.relay_url, answer->text());
    if (!saved) {
        err << "入网信息没有存下：" << saved.error().message() << '\n';
        return false;
    }
    const auto identity = load_identity(request.data_dir);
    out << "已入网：" << (identity ? identity->node + " " + identity->county_name : std::string{}) << '\n';
    return true;
}

}  // namespace tongke::player
