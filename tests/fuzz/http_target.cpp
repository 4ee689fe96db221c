// link: common_http
// Request target, percent escapes, query and cookies of any bytes: what is
// accepted is clean, and nothing reads outside its input.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/http/message.hpp"
#include "common/http/target.hpp"

using namespace tongke::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto target = parse_target(text)) {
        if (target->path.empty() || target->path.front() != '/') std::abort();
        if (target->path.find('\0') != std::string::npos || !is_utf8(target->path)) std::abort();
        if (target->path.find("/../") != std::string::npos) std::abort();
        for (const auto& [name, value] : target->query)
            if (!is_utf8(name) || !is_utf8(value)) std::abort();
    }
    if (percent_decode(percent_encode(text)) != text) std::abort();
    if (!is_utf8(replace_invalid_utf8(text))) std::abort();
    (void)cookie_value(text, "tongke_player");
    const auto quoted = json_quote(text);
    if (quoted.size() < 2) std::abort();
    return 0;
}
