#include "common/program/document.hpp"

#include <unistd.h>

#include "common/log/log.hpp"

namespace tongke::program {

std::string config_file(const std::string& given, const char* system_file) {
    if (!given.empty()) return given;
    return access(system_file, R_OK) == 0 ? system_file : "";
}

config::Document open_document(const std::string& file, const std::vector<std::string>& assignments) {
    auto document = file.empty() ? config::Document::parse("", "(defaults)") : config::Document::load(file);
    for (const auto& assignment : assignments) document.set(assignment);
    return document;
}

bool is_sound(const config::Document& document, std::ostream& err) {
    const auto problems = document.problems();
    for (const auto& problem : problems) err << problem.to_string() << '\n';
    return problems.empty();
}

bool is_sound(const config::Document& document) {
    const auto problems = document.problems();
    for (const auto& problem : problems) log::error("app", "{}", problem.to_string());
    return problems.empty();
}

}  // namespace tongke::program
