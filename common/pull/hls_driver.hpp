// Carries out what HlsPull decides: requests over common/http, one timer.
// On one thread of the owner's; stop() calls back once no request is left.
#pragma once
#include <functional>
#include <memory>

#include "common/pull/hls_pull.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::pull {

/// A pull with its sockets, over either transport.
class Driver {
  public:
    virtual ~Driver() = default;
    virtual void start() = 0;
    virtual void stop(std::function<void()> stopped) = 0;
    virtual std::string url() const = 0;
    virtual std::uint64_t bytes() const = 0;
};

std::unique_ptr<Driver> make_hls_driver(boost::asio::io_context& io, const Clock& clock, HlsPullConfig config,
                                        std::string ca_file, PullToken token, PullSink& sink);

}  // namespace tongke::pull
