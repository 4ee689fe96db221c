// What every changing request must pass before it is looked at: JSON by its
// content type, from our own page (CSRF), an object within its bounds.
#pragma once
#include <boost/json/object.hpp>
#include <optional>

#include "common/http/message.hpp"
#include "player/control/rights.hpp"

namespace tongke::player {

/// Nothing when the request comes from our own page or from no browser; else the refusal.
std::optional<http::Response> foreign_origin(const http::Request& request);

struct JsonBody {
    std::optional<http::Response> refusal;
    boost::json::object object;
};
JsonBody read_json(const http::Request& request);

/// A refusal of may() as problem+json, with `next` and `take_over`.
http::Response to_response(const Ruling& ruling);

/// A string member; nothing when it is absent or null, `wrong` when it is no string or longer.
std::optional<std::string> text_member(const boost::json::object& object, const char* name, std::size_t most,
                                       bool& wrong);

}  // namespace tongke::player
