#include "common/config/edit.hpp"

#include <stdexcept>

#include "common/config/document.hpp"

namespace tongke::config {
namespace {

std::optional<toml::table> parsed(std::string_view text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error&) {
        return std::nullopt;
    } catch (const std::logic_error&) {
        return std::nullopt;
    }
}

/// Where a line begins; the end of the text where there are fewer. Lines count from 1.
std::size_t line_begin(std::string_view text, std::size_t line) {
    std::size_t at = 0;
    for (; line > 1 && at < text.size(); --line) {
        const auto end = text.find('\n', at);
        at = end == std::string_view::npos ? text.size() : end + 1;
    }
    return at;
}

/// Columns count code points from 1.
std::size_t offset_of(std::string_view text, const toml::source_position& where) {
    auto at = line_begin(text, where.line);
    for (auto column = where.column; column > 1 && at < text.size(); --column) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    }
    return at;
}

std::string replaced(std::string_view text, const toml::source_region& where, const std::string& by) {
    const auto begin = offset_of(text, where.begin), end = std::max(begin, offset_of(text, where.end));
    std::string out(text.substr(0, begin));
    return out.append(by).append(text.substr(end));
}

std::string inserted(std::string_view text, std::size_t after_line, const std::string& line) {
    const auto at = line_begin(text, after_line + 1);
    const bool dos = at >= 2 && text.substr(at - 2, 2) == "\r\n";
    std::string out(text.substr(0, at));
    if (!out.ends_with('\n')) out += '\n';
    return out.append(line).append(dos ? "\r\n" : "\n").append(text.substr(at));
}

std::string appended(std::string_view text, std::string_view section, const std::string& line) {
    std::string out(text);
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    return out.append("\n[").append(section).append("]\n").append(line).append("\n");
}

/// The new file says it, and nothing else has changed.
bool only_that(toml::table before, const std::string& text, std::string_view section, std::string_view key,
               std::string_view value) {
    auto after = parsed(text);
    if (!after || (*after)[section][key].value<std::string>() != std::string(value)) return false;
    for (auto* root : {&before, &*after}) {
        auto* table = root->get_as<toml::table>(section);
        if (table) table->erase(key);
        if (table && table->empty()) root->erase(section);
    }
    return before == *after;
}

}  // namespace

std::optional<std::string> with_text(std::string_view text, std::string_view section, std::string_view key,
                                     std::string_view value) {
    const auto root = parsed(text);
    if (!root) return std::nullopt;
    const auto entry = std::string(key) + " = " + toml_text(value);
    const auto* table = root->get_as<toml::table>(section);
    const auto* node = table ? table->get(key) : nullptr;
    const auto out = node    ? replaced(text, node->source(), toml_text(value))
                     : table ? inserted(text, table->source().begin.line, entry)
                             : appended(text, section, entry);
    return only_that(*root, out, section, key, value) ? std::optional{out} : std::nullopt;
}

}  // namespace tongke::config
