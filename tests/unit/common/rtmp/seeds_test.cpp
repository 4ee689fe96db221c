// The seeds of the fuzz targets come from the golden table: UPDATE_GOLDEN=1
// writes them, otherwise they must be what the table says.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/rtmp/client_session.hpp"
#include "common/rtmp/wire.hpp"
#include "tests/golden/rtmp/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::rtmp;
using golden::hex;

namespace {

void check_seed(const std::string& target, const std::string& name, const Bytes& bytes) {
    const auto path = std::filesystem::path(TONGKE_TESTS_DIR) / "fuzz" / "corpus" / target / name;
    if (std::getenv("UPDATE_GOLDEN")) {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    INFO(path.string());
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.is_open());
    const std::string seed{std::istreambuf_iterator<char>(in), {}};
    CHECK(seed == as_text(bytes));
}

/// What a client sends after its handshake, up to and with its media; and what it is sent.
std::pair<Bytes, Bytes> conversation(ClientOptions::Mode mode) {
    constexpr std::size_t kHandshake = 1 + 2 * 1536;
    ClientSession client({*parse_url("rtmp://h/live/main?token=T"), mode, {}});
    ServerSession server;
    Bytes from_client, from_server;
    while (!client.output().empty() || !server.output().empty()) {
        const auto up = client.take_output();
        from_client.insert(from_client.end(), up.begin(), up.end());
        for (const auto& event : server.feed(up)) {
            if (std::holds_alternative<PublishRequested>(event)) server.accept_publish();
            if (!std::holds_alternative<PlayRequested>(event)) continue;
            server.accept_play(7, false);
            append_message(server.output(), media_header(MessageType::data_amf0, 0),
                           segment_payload({"1a", 1, 2, false, 2}, 0));
            append_message(server.output(), media_header(MessageType::video, 0),
                           hex("17 01 000000 00000001 65"));
        }
        const auto down = server.take_output();
        from_server.insert(from_server.end(), down.begin(), down.end());
        for (const auto& event : client.feed(down)) {
            if (!std::holds_alternative<PublishStarted>(event)) continue;
            client.send_media(TrackKind::video, 0, hex("17 01 000000 00000001 65"));
            client.close();
        }
    }
    from_client.erase(from_client.begin(), from_client.begin() + kHandshake);
    from_server.erase(from_server.begin(), from_server.begin() + kHandshake);
    return {from_client, from_server};
}

}  // namespace

TEST_CASE("golden AMF0 values are the seeds of amf0") {
    for (const auto& row : golden::amf0_vectors()) {
        if (row.bytes.size() < 1000) check_seed("amf0", row.name, row.bytes);
    }
}

TEST_CASE("golden chunk streams are the seeds of rtmp_chunks") {
    for (const auto& row : golden::chunk_vectors()) check_seed("rtmp_chunks", row.name, row.bytes);
}

TEST_CASE("whole conversations are the seeds of the sessions") {
    for (const auto mode : {ClientOptions::Mode::play, ClientOptions::Mode::publish}) {
        const bool publish = mode == ClientOptions::Mode::publish;
        auto [up, down] = conversation(mode);
        check_seed("rtmp_server_session", publish ? "publish" : "play", up);
        down.insert(down.begin(), publish ? 1 : 0);
        check_seed("rtmp_client_session", publish ? "publish" : "play", down);
    }
}
