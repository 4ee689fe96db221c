// Whether a server could be opened with a certificate and a key, before it is.
#pragma once
#include <string>

#include "common/base/result.hpp"

namespace tongke::http {

/// PEM chain and PEM key; the error says what is wrong with which.
Result<void> check_tls_files(const std::string& certificate, const std::string& private_key);

}  // namespace tongke::http
