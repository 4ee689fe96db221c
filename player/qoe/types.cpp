#include "player/qoe/types.hpp"

namespace tongke::qoe {

std::string_view to_string(State s) {
    switch (s) {
        case State::idle: return "idle";
        case State::starting: return "starting";
        case State::playing: return "playing";
        case State::stalled: return "stalled";
        case State::decoder_frozen: return "decoder_frozen";
        case State::paused: return "paused";
        case State::hidden: return "hidden";
        case State::ended: return "ended";
        case State::failed: return "failed";
    }
    return "failed";
}

std::string_view to_string(Hop h) {
    switch (h) {
        case Hop::encoder: return "encoder";
        case Hop::relay_node: return "relay_node";
        case Hop::node: return "node";
        case Hop::node_pc: return "node_pc";
        case Hop::pc: return "pc";
        case Hop::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view to_string(StallClass c) {
    switch (c) {
        case StallClass::short_stall: return "short";
        case StallClass::long_stall: return "long";
        case StallClass::outage: return "outage";
    }
    return "short";
}

StallClass Definition::class_of(Micros stalled) const {
    if (stalled >= outage) return StallClass::outage;
    return stalled >= long_stall ? StallClass::long_stall : StallClass::short_stall;
}

}  // namespace tongke::qoe
