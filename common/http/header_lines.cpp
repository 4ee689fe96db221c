#include "common/http/header_lines.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tongke::http {
namespace {

constexpr std::size_t kUsualBytes = 512;
constexpr std::string_view kBetween = ": ", kEnd = "\r\n";

/// Eight bytes at a time: it is asked for every byte of every answer.
bool is_clean(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    std::uint64_t suspect = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, sizeof word);
        const auto del = word ^ (kOnes * 0x7f);
        // High where a byte is below 0x20 or is DEL; rarely also above such a byte.
        suspect |= ((word - kOnes * 0x20) & ~word) | ((del - kOnes) & ~del);
    }
    if ((suspect & kHigh) != 0) at = 0;
    return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                       [](unsigned char c) { return (c >= 0x20 || c == '\t') && c != 0x7f; });
}

/// No header that we name holds a byte for which the bit makes two into one.
bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

void HeaderLines::add(std::string_view name, std::string_view value) {
    if (!is_clean(name) || !is_clean(value)) return;
    if (text_.empty()) text_.reserve(kUsualBytes);
    const auto before = text_.size();
    text_.resize(before + name.size() + kBetween.size() + value.size() + kEnd.size());
    char* to = text_.data() + before;
    for (const auto part : {name, kBetween, value, kEnd}) to = std::copy(part.begin(), part.end(), to);
}

void HeaderLines::add(const HeaderLines& more) {
    if (text_.empty()) text_.reserve(kUsualBytes);
    text_ += more.text_;
}

std::string_view HeaderLines::find(std::string_view name) const {
    for (std::string_view rest = text_; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\r'));
        rest.remove_prefix(line.size() + kEnd.size());
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (same_name(line.substr(0, name.size()), name)) return line.substr(name.size() + kBetween.size());
    }
    return {};
}

}  // namespace tongke::http
