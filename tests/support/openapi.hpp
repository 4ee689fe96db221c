// docs/openapi.yaml held against the code. It is read line by line, by its
// indentation: paths at 2, methods at 4, the site lines of x-roles at 8. What
// this cannot read is a fault of the document, and the tests say so.
#pragma once
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/http/router.hpp"

namespace tongke::test {

/// "GET /api/v1/rooms/{}" → roles, of one program ("relay" or "player").
using DocumentedRoutes = std::map<std::string, std::set<std::string>>;

/// Names of captures do not matter, nor whether one takes the rest of the path.
inline std::string route_key(const std::string& method, const std::string& pattern) {
    static const std::regex capture{R"(\{[^}]*\})"};
    return method + " " + std::regex_replace(pattern, capture, "{}");
}

inline DocumentedRoutes documented_routes(const std::string& openapi_yaml, const std::string& site) {
    std::ifstream in{openapi_yaml};
    if (!in) throw std::runtime_error("no " + openapi_yaml);
    static const std::regex path_line{R"(^  (/\S*):$)"},
        method_line{R"(^    (get|post|put|delete|options):$)"};
    const std::regex site_line{"^        " + site + R"(: \[(.*)\]$)"};
    DocumentedRoutes routes;
    std::string line, path, method;
    for (std::smatch m; std::getline(in, line);) {
        if (line.starts_with("components:")) break;
        if (std::regex_match(line, m, path_line)) path = m[1], method.clear();
        if (std::regex_match(line, m, method_line)) {
            method = m[1];
            for (auto& c : method) c = static_cast<char>(c - 'a' + 'A');
        }
        if (!std::regex_match(line, m, site_line)) continue;
        auto& roles = routes[route_key(method, path)];
        const std::string list = m[1];
        static const std::regex word{R"([a-z_]+)"};
        for (std::sregex_iterator it{list.begin(), list.end(), word}, end; it != end; ++it)
            roles.insert(it->str());
    }
    return routes;
}

inline std::set<std::string> routes_of(const http::Router& router) {
    std::set<std::string> out;
    for (const auto& route : router.routes()) out.insert(route_key(route.method, route.pattern));
    return out;
}

/// Routes that a source file adds by literal names: add("GET", "/path" …
inline std::set<std::string> routes_in_source(const std::string& file) {
    std::ifstream in{file};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    static const std::regex added{R"re(add\("([A-Z]+)",\s*"(/[^"]*)")re"};
    std::set<std::string> routes;
    for (std::sregex_iterator it{text.begin(), text.end(), added}, end; it != end; ++it)
        routes.insert(route_key((*it)[1], (*it)[2]));
    return routes;
}

/// The stable codes, from the list under ProblemCode.
inline std::set<std::string> documented_codes(const std::string& openapi_yaml) {
    std::ifstream in{openapi_yaml};
    static const std::regex code_line{R"(^        - ([a-z_]+)$)"};
    std::set<std::string> codes;
    bool inside = false;
    std::string line;
    for (std::smatch m; std::getline(in, line);) {
        if (line == "    ProblemCode:")
            inside = true;
        else if (inside && std::regex_match(line, m, code_line))
            codes.insert(m[1]);
        else if (inside && !codes.empty())
            break;
    }
    return codes;
}

/// Codes that a source file answers with, wherever a status stands before one: problem(403, "…", {431, "…".
inline std::set<std::string> codes_in_source(const std::string& file) {
    std::ifstream in{file};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    static const std::regex answer{R"(\b[45]\d\d,\s*"([a-z_]+)\")"};
    std::set<std::string> codes;
    for (std::sregex_iterator it{text.begin(), text.end(), answer}, end; it != end; ++it)
        codes.insert((*it)[1]);
    return codes;
}

}  // namespace tongke::test
