// Carries out what RtmpPull decides: connections (plain or TLS) and one timer.
// On one thread of the owner's; stop() calls back once no coroutine is left.
#pragma once
#include <memory>

#include "common/pull/hls_driver.hpp"
#include "common/pull/rtmp_pull.hpp"

namespace tongke::pull {

std::unique_ptr<Driver> make_rtmp_driver(boost::asio::io_context& io, const Clock& clock,
                                         RtmpPullConfig config, const std::string& ca_file, PullSink& sink,
                                         FrameSink& frames);

}  // namespace tongke::pull
