// `tongke-player enroll`: makes the node's key here, sends a request signed by
// it with the one-time code, keeps the answer (CONTRACT.md §2). Blocks; prints
// what a technician must know.
#pragma once
#include <ostream>
#include <string>

#include "common/time/clock.hpp"

namespace tongke::player {

struct EnrolRequest {
    std::string data_dir;
    std::string relay_url;
    std::string code;
    std::string ca_file;  // PEM; empty: the system's
};

/// True when the node is enrolled now.
bool enrol(const EnrolRequest& request, std::ostream& out, std::ostream& err);

}  // namespace tongke::player
