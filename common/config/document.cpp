#include "common/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tongke::config {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

std::string bracketed(const std::string& section) {
    return section.empty() ? "the top level" : '[' + section + ']';
}

void collect_keys(const toml::table& table, const std::string& section, std::vector<std::string>& out) {
    for (const auto& [key, node] : table) {
        const auto name = joined(section, key.str());
        out.push_back(name);
        if (const auto* below = node.as_table()) collect_keys(*below, name, out);
    }
}

}  // namespace

void toml_fault(const char* what) { throw std::logic_error(what); }

std::string toml_text(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out += {'\\', c};
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += fmt::format("\\u{:04X}", static_cast<int>(c));
        else
            out += c;
    }
    return out + '"';
}

std::string Problem::to_string() const {
    return line > 0 ? fmt::format("{}:{}: {}", file, line, text) : fmt::format("{}: {}", file, text);
}

Problem Document::Impl::at(const toml::node& node, std::string text) const {
    const auto& source = node.source();
    const bool set = source.path && source.path->starts_with("--set");
    return {set ? *source.path : file, set ? 0 : static_cast<int>(source.begin.line), std::move(text)};
}

void Document::Impl::merge(toml::table& into, toml::table& from) {
    for (auto&& [key, node] : from) {
        auto* here = into.get_as<toml::table>(key.str());
        if (here != nullptr && node.is_table())
            merge(*here, *node.as_table());
        else
            std::move(node).visit([&, k = key](auto&& value) {
                into.insert_or_assign(k.str(), std::forward<decltype(value)>(value));
            });
    }
}

void Document::Impl::find_unknown(const toml::table& table, const std::string& name,
                                  std::vector<Problem>& out) const {
    const auto found = asked.find(name);
    const std::vector<std::string> known =
        found == asked.end() ? std::vector<std::string>{}
                             : std::vector<std::string>(found->second.begin(), found->second.end());
    for (const auto& [key, node] : table) {
        const std::string word(key.str());
        if (std::find(known.begin(), known.end(), word) == known.end()) {
            const auto near = nearest_name(word, known);
            const auto* kind = node.is_table() || node.is_array_of_tables() ? "section" : "key";
            out.push_back(at(node, fmt::format("unknown {} '{}' in {}{}", kind, word, bracketed(name),
                                               near.empty() ? "" : ", did you mean '" + near + "'?")));
        } else if (const auto* below = node.as_table()) {
            find_unknown(*below, joined(name, word), out);
        } else if (const auto* list = node.as_array(); list != nullptr && list->is_array_of_tables()) {
            for (std::size_t i = 0; i < list->size(); ++i)
                find_unknown(*list->get_as<toml::table>(i), fmt::format("{}[{}]", joined(name, word), i),
                             out);
        }
    }
}

Document Document::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (!in || !text) {
        auto out = parse("", path);
        out.impl_->unparsed = true;
        out.impl_->problems.push_back({path, 0, "the file cannot be read"});
        return out;
    }
    return parse(text.str(), path);
}

Document Document::parse(std::string_view text, std::string file_name) {
    Document out;
    out.impl_ = std::make_shared<Impl>();
    out.impl_->file = std::move(file_name);
    if (text.size() > kMostBytes) {
        out.impl_->unparsed = true;
        out.impl_->problems.push_back({out.impl_->file, 0, "the file is larger than 1 MiB"});
        return out;
    }
    try {
        out.impl_->root = toml::parse(text, out.impl_->file);
    } catch (const toml::parse_error& e) {
        out.impl_->unparsed = true;
        out.impl_->problems.push_back(
            {out.impl_->file, static_cast<int>(e.source().begin.line),
             "not TOML here: a quote, bracket or '=' is missing or a key is repeated"});
    } catch (const std::logic_error&) {
        out.impl_->unparsed = true;
        out.impl_->problems.push_back({out.impl_->file, 0, "not TOML: a key or section name is malformed"});
    }
    return out;
}

void Document::set(std::string_view assignment) {
    const auto equals = assignment.find('=');
    const auto key = std::string(assignment.substr(0, equals));
    const auto place = "--set " + key;
    if (equals == std::string_view::npos || key.empty() ||
        key.find_first_of("\n\r#\"'[]") != std::string::npos) {
        impl_->problems.push_back({place, 0, "must be section.key=value"});
        return;
    }
    const auto value = assignment.substr(equals + 1);
    toml::table parsed;
    const auto try_parse = [&](std::string_view as) {
        try {
            parsed = toml::parse(key + " = " + std::string(as), place);
            return true;
        } catch (const std::exception&) {
            return false;
        }
    };
    const bool one_line = value.find_first_of("\n\r#") == std::string_view::npos;
    if (!(one_line && try_parse(value)) && !try_parse(toml_text(value))) {
        impl_->problems.push_back({place, 0, "must be section.key=value"});
        return;
    }
    impl_->overrides[key] = value;
    impl_->merge(impl_->root, parsed);
}

std::vector<Problem> Document::problems() const {
    auto out = impl_->problems;
    if (!impl_->unparsed) impl_->find_unknown(impl_->root, "", out);
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    return out;
}

std::vector<std::string> Document::known_keys() const {
    std::vector<std::string> out;
    for (const auto& [section, keys] : impl_->asked)
        for (const auto& key : keys) out.push_back(joined(section, key));
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::string> Document::present_keys() const {
    std::vector<std::string> out;
    collect_keys(impl_->root, "", out);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace tongke::config
