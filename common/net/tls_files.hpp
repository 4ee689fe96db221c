// Whether a server could be opened with a certificate and a key, before it is.
#pragma once
#include <string>

#include "common/base/result.hpp"

namespace tongke::net {

struct TlsFiles {
    std::string certificate;  // PEM chain
    std::string private_key;  // PEM
};

struct TlsFaults {
    Error certificate;  // the PEM chain
    Error private_key;  // the PEM key, or that it is another certificate's; not looked at without one
};
/// Of certificates that vouch for servers: PEM.
Error check_ca_file(const std::string& path);
TlsFaults check_tls_files(const std::string& certificate, const std::string& private_key);

}  // namespace tongke::net
