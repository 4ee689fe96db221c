// The configuration sections that both programs have (CONTRACT.md §3): [http],
// [tls], [log]. Defaults that differ are set by the program's own config.
#pragma once
#include <string>
#include <vector>

#include "common/config/config.hpp"
#include "common/log/log.hpp"
#include "common/net/ip_address.hpp"

namespace tongke::program {

struct HttpConfig {
    config::Address listen;
    config::Address tls_listen{"::", 8443};  // served only when [tls] is set
    std::vector<std::string> trusted_proxies;
    bool operator==(const HttpConfig&) const = default;

    std::vector<net::IpPrefix> proxies() const;
};

struct TlsConfig {
    std::string certificate, private_key;  // PEM files
    bool enabled() const { return !certificate.empty(); }
    bool operator==(const TlsConfig&) const = default;
};

struct LogConfig {
    std::string level = "info";
    std::string file;  // "" = standard error
    log::Level level_value() const;
    bool operator==(const LogConfig&) const = default;
};

/// Each reads its section; what is wrong is added to the document's problems.
void read_http(config::Section section, HttpConfig& out);
void read_tls(config::Section section, TlsConfig& out);
void read_log(config::Section section, LogConfig& out);

/// Two listeners that cannot both be opened.
bool same_socket(const config::Address& a, const config::Address& b);
/// Of [http], once [tls] is read.
void check_listeners(const config::Section& http_section, const HttpConfig& http, const TlsConfig& tls);

/// Of [tls]: what a server could not be opened with is a problem.
void check_certificate(const config::Section& tls_section, const TlsConfig& tls);

/// A problem at `key`, and false, when `path` is set and cannot be read.
bool check_readable(const config::Section& section, std::string_view key, const std::string& path);

}  // namespace tongke::program
