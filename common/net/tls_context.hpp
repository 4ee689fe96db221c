// The server's TLS context: TLS 1.2 and later, certificate chain and key from
// PEM files. A context is never changed once in use: a reload makes a new one,
// which the connections accepted from then on take.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "common/base/result.hpp"

namespace tongke::net {

Result<std::shared_ptr<boost::asio::ssl::context>> load_tls_context(const std::string& certificate,
                                                                    const std::string& private_key);

}  // namespace tongke::net
