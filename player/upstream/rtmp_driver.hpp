// Carries out what RtmpPull decides: connections (plain or TLS) and one timer.
// On the node's I/O thread; stop() calls back once no coroutine is left.
#pragma once
#include <memory>

#include "player/upstream/hls_driver.hpp"
#include "player/upstream/rtmp_pull.hpp"

namespace tongke::player {

std::unique_ptr<Driver> make_rtmp_driver(boost::asio::io_context& io, const Clock& clock,
                                         RtmpPullConfig config, const std::string& ca_file, PullSink& sink);

}  // namespace tongke::player
