// Joins the telemetry uploader to the relay's signed calls and to a timer.
#pragma once
#include <functional>
#include <memory>

#include "player/link/relay_calls.hpp"
#include "player/telemetry/uploader.hpp"

namespace boost::asio {
class io_context;
}

namespace tongke::player {

/// Fills `post` and `wait`; the caller adds rooms, upstream, node and random. Both outlive the uploader.
telemetry::UploaderPorts upload_ports(boost::asio::io_context& io, RelayCalls& calls);

}  // namespace tongke::player
