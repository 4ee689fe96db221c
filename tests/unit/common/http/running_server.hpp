// A server on loopback with its own thread; stopped and joined at the end of the test.
#pragma once
#include <boost/asio.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/http/server.hpp"

namespace tongke::http {

struct Running {
    std::shared_ptr<Router> router = std::make_shared<Router>();
    ServerOptions options;
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    std::unique_ptr<Server> server;
    std::uint16_t port = 0;
    std::thread thread;
    SharedBlob megabytes = share_blob(Bytes(8 * 1024 * 1024, 7));
    SharedBlob filed = Blob::in_memory_file(patterned(3 * 1024 * 1024 + 17));
    std::vector<std::shared_ptr<EventStream>> streams;
    std::promise<void> stream_closed;
    std::vector<Reply> held;

    Running() { add_routes(); }
    ~Running() { stop(); }

    Running& start(const net::TlsFiles& tls = {}) {
        server = std::make_unique<Server>(std::vector{&io}, router, options);
        port = tls.certificate.empty() ? server->listen("127.0.0.1:0").value()
                                       : server->listen_tls("127.0.0.1:0", tls).value();
        thread = std::thread{[this] { io.run(); }};
        return *this;
    }

    void stop() {
        if (!thread.joinable()) return;
        std::promise<void> stopped;
        server->stop([&] { stopped.set_value(); });
        stopped.get_future().get();
        work.reset();
        thread.join();
    }

    std::uint64_t refused(const std::string& reason) const { return server->refused().at(reason); }

  private:
    static Bytes patterned(std::size_t size) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
        return bytes;
    }

    void add_routes() {
        router->add("GET", "/hello",
                    [](const Request& r, Reply reply) { reply(json_response(json_quote(r.peer))); });
        router->add("POST", "/echo", [](const Request& r, Reply reply) { reply(json_response(r.body)); });
        router->add("GET", "/big", [this](const Request&, Reply reply) {
            Response response;
            response.shared = megabytes;
            reply(std::move(response));
        });
        router->add("GET", "/file", [this](const Request&, Reply reply) {
            Response response;
            response.shared = filed;
            reply(std::move(response));
        });
        router->add("GET", "/held", [this](const Request&, Reply reply) { held.push_back(reply); });
        router->add("GET", "/events", [this](const Request&, Reply reply) {
            Response response;
            response.stream = make_event_stream([this] { stream_closed.set_value(); });
            streams.push_back(response.stream);
            response.stream->event("state", "one\ntwo");
            reply(std::move(response));
        });
    }
};

}  // namespace tongke::http
