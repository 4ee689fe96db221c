#include "common/program/sections.hpp"

#include <fmt/format.h>
#include <unistd.h>

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

void check_readable(const config::Section& section, std::string_view key, const std::string& path) {
    if (!path.empty() && access(path.c_str(), R_OK) != 0)
        section.problem(key, fmt::format("the file of '{}' cannot be read: {}", key, path));
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

void read_log(config::Section section, LogConfig& out) {
    section.read_choice("level", out.level, {"debug", "info", "warn", "error"});
    section.read("file", out.file);
}

}  // namespace tongke::program
