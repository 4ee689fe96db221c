// TLS contexts. The server's: TLS 1.2 and later, certificate chain and key from
// PEM files; never changed once in use: a reload makes a new one, which the
// connections accepted from then on take. A client's: whom it trusts.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "common/base/result.hpp"

namespace tongke::net {

Result<std::shared_ptr<boost::asio::ssl::context>> load_tls_context(const std::string& certificate,
                                                                    const std::string& private_key);

/// A client's context takes the certificates of this PEM file, or with "" those the system trusts. After an
/// error it takes none, and every connection tells so.
Error trust(boost::asio::ssl::context& context, const std::string& ca_file);

}  // namespace tongke::net
