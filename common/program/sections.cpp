#include "common/program/sections.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "common/net/tls_files.hpp"

namespace tongke::program {

std::vector<net::IpPrefix> HttpConfig::proxies() const {
    std::vector<net::IpPrefix> out;
    for (const auto& text : trusted_proxies)
        if (const auto prefix = net::IpPrefix::parse(text)) out.push_back(*prefix);
    return out;
}

log::Level LogConfig::level_value() const {
    return level == "debug"   ? log::Level::debug
           : level == "warn"  ? log::Level::warn
           : level == "error" ? log::Level::error
                              : log::Level::info;
}

void read_http(config::Section section, HttpConfig& out) {
    section.read("listen", out.listen);
    section.read("tls_listen", out.tls_listen);
    section.read("trusted_proxies", out.trusted_proxies);
    for (const auto& proxy : out.trusted_proxies)
        if (!net::IpPrefix::parse(proxy))
            section.problem("trusted_proxies", "must be addresses or prefixes like \"10.0.0.0/8\"");
}

bool check_readable(const config::Section& section, std::string_view key, const std::string& path) {
    if (path.empty() || access(path.c_str(), R_OK) == 0) return true;
    section.problem(key, fmt::format("the file of '{}' cannot be read: {}", key, path));
    return false;
}

bool same_socket(const config::Address& a, const config::Address& b) {
    return a.enabled() && b.enabled() && a.port != 0 && a.port == b.port &&
           (a.any() || b.any() || a.host == b.host);
}

void check_listeners(const config::Section& section, const HttpConfig& http, const TlsConfig& tls) {
    if (tls.enabled() && same_socket(http.listen, http.tls_listen))
        section.problem("tls_listen", "http.tls_listen and http.listen are the same");
}

void read_tls(config::Section section, TlsConfig& out) {
    section.read("certificate", out.certificate);
    section.read("private_key", out.private_key);
    if (out.certificate.empty() != out.private_key.empty())
        section.problem(out.certificate.empty() ? "private_key" : "certificate",
                        "certificate and private_key go together: set both or none");
    check_readable(section, "certificate", out.certificate);
    check_readable(section, "private_key", out.private_key);
}

void check_certificate(const config::Section& section, const TlsConfig& tls) {
    const auto there = [](const std::string& path) {
        return !path.empty() && access(path.c_str(), R_OK) == 0;
    };
    if (!there(tls.certificate) || !there(tls.private_key)) return;  // read_tls has said so
    const auto faults = net::check_tls_files(tls.certificate, tls.private_key);
    if (faults.certificate)
        section.problem("certificate", "the certificate cannot be used: " + faults.certificate.message());
    if (faults.private_key)
        section.problem("private_key",
                        "the key cannot be used with the certificate: " + faults.private_key.message());
}

void read_log(config::Section section, LogConfig& out) {
    section.read_choice("level", out.level, {"debug", "info", "warn", "error"});
    section.read("file", out.file);
}

}  // namespace tongke::program
