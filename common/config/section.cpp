#include <fmt/format.h>

#include "common/config/document.hpp"

namespace tongke::config {

// The typed view of the pointers that the header keeps opaque.
struct Section::Access {
    static Document::Impl& document(const Section& s) {
        return *static_cast<Document::Impl*>(s.document_.get());
    }

    /// The node of a key, which is a known one from now on; null when absent.
    static const toml::node* ask(const Section& s, std::string_view key) {
        document(s).asked[s.name_].insert(std::string(key));
        return peek(s, key);
    }
    static const toml::node* peek(const Section& s, std::string_view key) {
        return s.table_ == nullptr ? nullptr : static_cast<const toml::table*>(s.table_)->get(key);
    }
    static void wrong(const Section& s, std::string_view key, const toml::node& node, std::string_view must) {
        document(s).problems.push_back(
            document(s).at(node, fmt::format("'{}' must be {}", joined(s.name_, key), must)));
    }
    /// Text as written; a --set value that happens to look like a number or a date is text too.
    static std::optional<std::string> text(const Section& s, std::string_view key, const toml::node& node) {
        if (const auto value = node.value_exact<std::string>()) return value;
        const auto set = document(s).overrides.find(joined(s.name_, key));
        const bool from_set = node.source().path && node.source().path->starts_with("--set");
        if (from_set && set != document(s).overrides.end() && !node.is_array() && !node.is_table())
            return set->second;
        return std::nullopt;
    }
};

Section::Section(std::shared_ptr<void> document, const void* table, std::string name)
    : document_(std::move(document)), table_(table), name_(std::move(name)) {}

Section Document::root() const { return {impl_, &impl_->root, ""}; }

bool Section::present() const { return table_ != nullptr; }
std::string Section::leaf() const { return name_.substr(name_.rfind('.') + 1); }
bool Section::has(std::string_view key) const { return Access::ask(*this, key) != nullptr; }

void Section::read(std::string_view key, std::string& value) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    if (auto text = Access::text(*this, key, *node))
        value = std::move(*text);
    else
        Access::wrong(*this, key, *node, "text in quotes");
}

void Section::read(std::string_view key, bool& value) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    if (const auto found = node->value_exact<bool>())
        value = *found;
    else
        Access::wrong(*this, key, *node, "true or false");
}

void Section::read(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    const auto found = node->value_exact<std::int64_t>();
    if (found && *found >= min && *found <= max)
        value = *found;
    else
        Access::wrong(*this, key, *node, fmt::format("a whole number from {} to {}", min, max));
}

void Section::read(std::string_view key, int& value, int min, int max) {
    std::int64_t wide = value;
    read(key, wide, std::int64_t{min}, std::int64_t{max});
    value = static_cast<int>(wide);
}

void Section::read(std::string_view key, double& value, double min, double max) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    const auto found = node->is_number() ? node->value<double>() : std::nullopt;
    if (found && *found >= min && *found <= max)
        value = *found;
    else
        Access::wrong(*this, key, *node, fmt::format("a number from {} to {}", min, max));
}

void Section::read(std::string_view key, Address& value) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    const auto text = Access::text(*this, key, *node);
    if (auto address = text ? parse_address(*text) : std::nullopt)
        value = std::move(*address);
    else
        Access::wrong(*this, key, *node, R"(an address like "[::]:8080" or "127.0.0.1:8080", or "" for off)");
}

void Section::read(std::string_view key, std::vector<std::string>& value) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    std::vector<std::string> found;
    const auto* array = node->as_array();
    if (array != nullptr)
        for (const auto& item : *array)
            if (const auto text = item.value_exact<std::string>()) found.push_back(*text);
    if (array != nullptr && found.size() == array->size())
        value = std::move(found);
    else
        Access::wrong(*this, key, *node, R"(a list of texts like ["a", "b"])");
}

void Section::read(std::string_view key, Milliseconds& value, Milliseconds min, Milliseconds max) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    std::optional<Milliseconds> found;
    if (const auto seconds = node->is_number() ? node->value<double>() : std::nullopt) {
        if (*seconds >= 0 && *seconds < 1e9)
            found = Milliseconds{static_cast<std::int64_t>(*seconds * 1000 + 0.5)};
    } else if (const auto text = Access::text(*this, key, *node)) {
        found = parse_duration(*text);
    }
    if (found && *found >= min && *found <= max)
        value = *found;
    else
        Access::wrong(
            *this, key, *node,
            fmt::format(R"(seconds, or text like "500ms", "30s", "8h", from {} s to {} s)",
                        static_cast<double>(min.count()) / 1000, static_cast<double>(max.count()) / 1000));
}

void Section::read_size(std::string_view key, std::uint64_t& value, std::uint64_t min, std::uint64_t max) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    std::optional<std::uint64_t> found;
    if (const auto bytes = node->value_exact<std::int64_t>()) {
        if (*bytes >= 0) found = static_cast<std::uint64_t>(*bytes);
    } else if (const auto text = Access::text(*this, key, *node)) {
        found = parse_size(*text);
    }
    if (found && *found >= min && *found <= max)
        value = *found;
    else
        Access::wrong(*this, key, *node,
                      fmt::format(R"(bytes, or text like "64KiB", "4MiB", from {} to {} bytes)", min, max));
}

void Section::read_choice(std::string_view key, std::string& value, const std::vector<std::string>& words) {
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return;
    const auto text = Access::text(*this, key, *node);
    for (const auto& word : words)
        if (text && *text == word) {
            value = word;
            return;
        }
    Access::wrong(*this, key, *node, fmt::format("one of: {}", fmt::join(words, ", ")));
}

Section Section::section(std::string_view key) const {
    const auto* node = Access::ask(*this, key);
    const auto* table = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && table == nullptr)
        Access::wrong(*this, key, *node, fmt::format("a section: [{}]", joined(name_, key)));
    return {document_, table, joined(name_, key)};
}

std::vector<Section> Section::sections() const {
    std::vector<Section> out;
    if (table_ == nullptr) return out;
    for (const auto& [key, node] : *static_cast<const toml::table*>(table_)) {
        if (node.is_table())
            out.push_back(section(key.str()));
        else {
            Access::ask(*this, key.str());
            Access::wrong(*this, key.str(), node, fmt::format("a section: [{}]", joined(name_, key.str())));
        }
    }
    return out;
}

std::vector<Section> Section::list(std::string_view key) const {
    std::vector<Section> out;
    const auto* node = Access::ask(*this, key);
    if (node == nullptr) return out;
    const auto* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
        Access::wrong(*this, key, *node, fmt::format("a list of sections: [[{}]]", joined(name_, key)));
        return out;
    }
    for (std::size_t i = 0; i < array->size(); ++i)
        out.push_back(
            {document_, array->get_as<toml::table>(i), fmt::format("{}[{}]", joined(name_, key), i)});
    return out;
}

void Section::problem(std::string_view key, std::string text) const {
    auto& document = Access::document(*this);
    const auto* node = Access::peek(*this, key);
    if (node == nullptr) node = static_cast<const toml::table*>(table_);
    if (node == nullptr)
        document.problems.push_back({document.file, 0, std::move(text)});
    else
        document.problems.push_back(document.at(*node, std::move(text)));
}

}  // namespace tongke::config
