// Ingest health beside real workers: what it finds reaches the stream, and
// neither a flood of frames nor a stop in the middle of one does harm.
#include "relay/health/ingest_health.hpp"

#include "common/av/encoder.hpp"
#include "common/media/flv.hpp"
#include "tests/integration/relay_media/media_relay.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;

namespace {

/// Publishes pictures of one shade as fast as it is asked to, each 40 ms after the one before on its clock.
class Camera {
  public:
    explicit Camera(MediaRelay& relay) : stream_(*relay.hub.find("main")), clock_(relay.clock) {
        auto encoder = av::VideoEncoder::open({64, 64, 25, 100, 50});
        REQUIRE(encoder);
        encoder_ = std::move(*encoder);
        on_stream([this](Stream& s) { id_ = s.begin({}, [] {}).id; });
    }
    void send(int pictures, bool black) {
        for (int i = 0; i < pictures; ++i, ++sent_) {
            Picture picture{64, 64};
            // Moves: a white box goes round.
            picture.fill({0, 0, 64, 64}, kBlack);
            if (!black) picture.fill({static_cast<int>(sent_ / 5 % 4) * 16, 16, 16, 32}, kWhite);
            auto made = encoder_->encode(picture, sent_);
            REQUIRE(made);
            for (const auto& each : *made) append(each.keyframe, each.index, each.avcc);
        }
    }
    void leave() {
        on_stream([id = id_](Stream& s) { s.end(id); });
    }

  private:
    void on_stream(std::function<void(Stream&)> work) {
        std::atomic<bool> done{false};
        stream_.post([&](Stream& s) {
            work(s);
            done = true;
        });
        REQUIRE(eventually([&] { return done.load(); }));
    }
    void append(bool keyframe, std::int64_t index, const Bytes& avcc) {
        IngestFrame frame;
        frame.keyframe = keyframe;
        frame.timestamp = static_cast<std::uint32_t>(index * 40);
        frame.arrival = clock_.now();
        frame.payload = share(flv::video_body(keyframe, 0, avcc));
        frame.payload_offset = flv::kVideoBodyOffset;
        frame.track = encoder_->track();
        stream_.post([id = id_, frame](Stream& s) { s.append(id, frame); });
    }

    Stream& stream_;
    const Clock& clock_;
    std::unique_ptr<av::VideoEncoder> encoder_;
    PublicationId id_ = 0;
    std::int64_t sent_ = 0;
};

bool told(MediaRelay& relay, const std::string& code) {
    const auto info = relay.info();
    return std::any_of(info.advisories.begin(), info.advisories.end(),
                       [&](const auto& a) { return a.code == code; });
}

}  // namespace

TEST_CASE("black input is an advisory of the stream until it is black no longer, or its encoder goes") {
    const bool leaves = GENERATE(false, true);
    MediaRelay relay;
    IngestHealth health(relay.hub, relay.metrics);
    health.start();
    Camera camera(relay);
    camera.send(60, false);
    CHECK_FALSE(told(relay, "black"));
    camera.send(140, true);
    REQUIRE(eventually([&] { return told(relay, "black"); }));
    if (leaves)
        camera.leave();
    else
        camera.send(60, false);
    CHECK(eventually([&] { return !told(relay, "black"); }));
    const auto past = relay.info().past_advisories;
    REQUIRE_FALSE(past.empty());
    CHECK(past.back().code == "black");
    CHECK(past.back().until);
    health.stop();
}

TEST_CASE("more than it can look at is left out and counted; a stop in the middle of it comes soon") {
    MediaRelay relay;
    IngestHealth health(relay.hub, relay.metrics);
    health.start();
    // One keyframe again and again, far faster than it can be decoded.
    auto encoder = av::VideoEncoder::open({1280, 720, 25, 4000, 1});
    REQUIRE(encoder);
    Picture picture{1280, 720};
    for (int y = 0; y < 720; y += 8)
        for (int x = 0; x < 1280; x += 8)
            picture.fill({x, y, 8, 8}, (x / 8 * 7 + y / 8 * 13) % 5 < 2 ? kWhite : kBlack);
    const auto made = (*encoder)->encode(picture, 0);
    REQUIRE(made);
    REQUIRE(made->size() == 1);
    IngestFrame frame;
    frame.keyframe = true;
    frame.payload = share(flv::video_body(true, 0, made->front().avcc));
    frame.payload_offset = flv::kVideoBodyOffset;
    frame.track = (*encoder)->track();
    std::atomic<bool> done{false};
    relay.hub.find("main")->post([&](Stream& s) {
        const auto id = s.begin({}, [] {}).id;
        for (int i = 0; i < 1500; ++i) {
            frame.timestamp = static_cast<std::uint32_t>(i * 40);
            frame.arrival = relay.clock.now();
            s.append(id, frame);
        }
        done = true;
    });
    REQUIRE(eventually([&] { return done.load(); }));
    CHECK(relay.metric("\ntongke_ingest_health_left_out_total") > 0);
    health.stop();
    health.stop();
}

TEST_CASE("what cannot be decoded is counted") {
    MediaRelay relay;
    IngestHealth health(relay.hub, relay.metrics);
    health.start();
    Encoder encoder(relay.server->port(), "main?key=key");
    REQUIRE(encoder.start());
    encoder.headers();
    encoder.pictures(20);
    encoder.client.send();
    CHECK(eventually([&] { return relay.metric("\ntongke_ingest_health_undecodable_total") > 0; }));
}
