#include "player/app/relay_link.hpp"

#include <random>

namespace tongke::player {
namespace {

double uniform() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(generator);
}

BundlePorts bundle_ports(const RelayLinkPorts& ports) {
    BundlePorts out;
    out.changed = ports.bundle_changed;
    out.on_disk = [on_disk = ports.on_disk, on_io = ports.on_io](std::function<void()> work,
                                                                 std::function<void()> done) {
        on_disk([on_io, work = std::move(work), done = std::move(done)] {
            work();
            on_io(done);
        });
    };
    out.random = uniform;
    return out;
}

telemetry::UploaderPorts uploader_ports(boost::asio::io_context& io, RelayCalls& calls,
                                        const std::string& node, const RelayLinkPorts& ports) {
    auto out = upload_ports(io, calls);
    out.rooms = ports.rooms;
    out.upstream = ports.upstream;
    out.node = [node] { return node; };
    out.random = uniform;
    return out;
}

}  // namespace

RelayLink::RelayLink(boost::asio::io_context& io, http::Client& client, const Clock& clock,
                     telemetry::Spool& spool, Identity identity, const std::string& relay_url,
                     const std::string& data_dir, RelayLinkPorts ports)
    : identity_(std::move(identity)),
      calls_(client, clock, identity_, relay_url.empty() ? identity_.relay_url : relay_url),
      bundles_(io, calls_, identity_, data_dir + "/bundle.jws", bundle_ports(ports)),
      uploader_(spool, clock, uploader_ports(io, calls_, identity_.node, ports)) {}

void RelayLink::start() {
    bundles_.start();
    uploader_.start();
}

void RelayLink::stop() {
    bundles_.stop();
    uploader_.stop();
}

}  // namespace tongke::player
