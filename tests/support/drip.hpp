// Bytes that come to a sans-I/O HTTP parser (common/http/wire_parser.hpp) a few at a time.
#pragma once
#include <algorithm>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <string_view>

namespace tongke {

struct Dripped {
    boost::beast::error_code error;  // need_more: all has come and it is not whole
    std::size_t used = 0;
};

/// `step` more bytes at a time come to what the parser has left.
template <class Parser>
Dripped drip(Parser& parser, std::string_view text, std::size_t step) {
    Dripped out{boost::beast::http::error::need_more};
    for (std::size_t have = 0; have < text.size() && out.error == boost::beast::http::error::need_more;) {
        have = std::min(have + step, text.size());
        std::size_t taken = 0;
        out.error = parser.read(text.substr(out.used, have - out.used), Parser::Until::end, taken);
        out.used += taken;
    }
    return out;
}

}  // namespace tongke
