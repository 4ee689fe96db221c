// Everything between an enrolled node and its relay: identity, signed calls,
// the bundle client, the telemetry uploader. Made once the node is enrolled,
// at start-up or while it runs. On the I/O thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "player/link/bundle_client.hpp"
#include "player/link/upload.hpp"

namespace tongke::player {

struct RelayLinkPorts {
    std::function<void(SharedBundle)> bundle_changed;
    std::function<void(std::function<void()>)> on_disk, on_io;
    std::function<std::string()> rooms, upstream;  // JSON of a telemetry upload
};

class RelayLink {
  public:
    RelayLink(boost::asio::io_context& io, http::Client& client, const Clock& clock, telemetry::Spool& spool,
              Identity identity, const std::string& relay_url, const std::string& data_dir,
              RelayLinkPorts ports);

    void start();
    void stop();
    void news() { uploader_.news(); }
    const Identity& identity() const { return identity_; }
    const std::string& relay_url() const { return calls_.url(); }

  private:
    Identity identity_;
    RelayCalls calls_;
    BundleClient bundles_;
    telemetry::Uploader uploader_;
};

}  // namespace tongke::player
