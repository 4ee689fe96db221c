// What a classroom and a live test of a node stand on, over one data folder: restart() is a node that was
// killed and started again. What is given to other threads waits until run().
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "player/control/event_log.hpp"
#include "player/control/media_channel.hpp"
#include "player/control/node_metrics.hpp"
#include "tests/support/temporary_dir.hpp"

namespace tongke::player {

struct NodeParts {
    test::TemporaryDir dir;
    boost::asio::io_context io;
    ManualClock clock;
    std::vector<std::function<void()>> queue;
    metrics::Metrics registry;
    NodeMetrics metrics{registry};
    std::unique_ptr<telemetry::Spool> spool;
    std::unique_ptr<EventLog> events;
    std::unique_ptr<MediaChannel> channel;
    int boots = 0;

    NodeParts() {
        clock.advance(std::chrono::hours{100});
        restart();
    }
    Executor later() {
        return [this](std::function<void()> work) { queue.push_back(std::move(work)); };
    }
    void restart() {
        queue.clear();
        telemetry::SpoolOptions options;
        options.folder = dir / "spool";
        options.boot = "boot" + std::to_string(++boots);
        spool = std::make_unique<telemetry::Spool>(options, later(), later());
        events = std::make_unique<EventLog>(
            *spool, [] { return "n-1"; }, [] {});
        ChannelOptions media;
        media.progress_file = dir / "pull.json";
        media.on_disk = later();
        channel = std::make_unique<MediaChannel>(io, clock, std::move(media));
    }
    void run() {
        while (!queue.empty())
            for (auto& work : std::exchange(queue, {})) work();
    }
    std::size_t count(std::string_view type) const {
        std::size_t found = 0;
        for (const auto& record : spool->all(telemetry::RecordKind::event))
            found += record.json.find("\"type\":\"" + std::string{type} + '"') != std::string::npos;
        return found;
    }
};

}  // namespace tongke::player
