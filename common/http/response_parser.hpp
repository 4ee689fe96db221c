// One answer out of an origin's bytes. Sans-I/O; tests/fuzz/http_response.cpp.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/http/wire_parser.hpp"

namespace tongke::http {

/// An answer without a length ends with its connection: put_eof().
class ResponseParser final : public WireParser<false> {
  public:
    using Headers = std::vector<std::pair<std::string, std::string>>;  // names lower-case
    struct Sink {
        std::function<void(int status, Headers headers)> on_head;  // once, before the body; not if interim
        std::function<void(ByteView piece)> on_body;
    };
    /// `to_head`: it answers a HEAD and has no body, whatever its head says.
    ResponseParser(std::size_t head_bytes, std::size_t body_bytes, bool to_head, Sink sink);

    /// Another answer follows it (RFC 9110 §15.2), for a parser of its own.
    bool is_interim() const { return status_ >= 100 && status_ < 200 && status_ != 101; }

  private:
    using View = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, View, View, int, Code&) override {}
    void on_response_impl(int status, View reason, int version, Code&) override;
    void on_header(Field field, std::string_view name, std::string_view value) override;
    void on_header_impl(Code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(View body, Code&) override;

    Sink sink_;
    int status_ = 0;
    Headers headers_;
};

}  // namespace tongke::http
