// What every call with a body must get past before its handler looks at it:
// size, type, and that it comes from our own page (CONTRACT.md §9). Pure.
#pragma once
#include <optional>

#include "common/http/message.hpp"

namespace tongke::relay {

/// The refusal, or nothing. A browser names its page in Origin; nodes and scripts send none.
std::optional<http::Response> refuse_body(const http::Request& request, std::size_t max_bytes);
std::optional<http::Response> refuse_foreign_page(const http::Request& request);

}  // namespace tongke::relay
