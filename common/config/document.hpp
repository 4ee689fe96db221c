// The parsed file behind Document and Section; only this folder includes it.
#pragma once
// toml++ 3.3 asserts on some wrong files ("[[~a]]"); a wrong file is the user's to mend, not a crash.
namespace tongke::config {
[[noreturn]] void toml_fault(const char* what);  // throws std::logic_error
}
#define TOML_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::tongke::config::toml_fault(#expression))
#include <toml++/toml.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/config/config.hpp"

namespace tongke::config {

struct Document::Impl {
    std::string file;
    toml::table root;
    std::vector<Problem> problems;
    std::map<std::string, std::set<std::string>> asked;  // section → keys its owner knows
    std::map<std::string, std::string> overrides;        // "section.key" → text after --set
    bool unparsed = false;                               // then unknown keys and defaults say nothing

    Problem at(const toml::node& node, std::string text) const;
    void merge(toml::table& into, toml::table& from);
    void find_unknown(const toml::table& table, const std::string& name, std::vector<Problem>& out) const;
};

/// A TOML string that says this.
std::string toml_text(std::string_view value);

inline std::string joined(const std::string& section, std::string_view key) {
    return section.empty() ? std::string(key) : section + '.' + std::string(key);
}

}  // namespace tongke::config
