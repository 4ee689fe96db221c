// One request out of a connection's bytes: Beast's grammar (RFC 9112) filling our
// Request, with no container of Beast's between. Sans-I/O; tests/fuzz/http_request.cpp.
#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "common/http/message.hpp"
#include "common/net/ip_address.hpp"

namespace tongke::http {

/// put() takes the head first and stops behind it (is_header_done()), then the body (is_done()). Errors are
/// Beast's (boost/beast/http/error.hpp): need_more, header_limit, body_limit, or what is wrong; bad_target
/// for one that cannot be decoded, bad_field where HTTP/1.1 lacks exactly one Host, bad_transfer_encoding
/// for anything but `chunked`.
class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    RequestParser(std::size_t head_bytes, std::size_t body_bytes);

    /// Filled as far as put() came; never null. Who connects is not known here.
    const std::shared_ptr<Request>& request() const { return request_; }

  private:
    using Code = boost::beast::error_code;
    using View = boost::beast::string_view;
    using Field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb, View method, View target, int version, Code&) override;
    void on_response_impl(int, View, int, Code&) override {}
    void on_field_impl(Field field, View name, View value, Code&) override;
    void on_header_impl(Code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(View body, Code&) override;
    void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View body, Code&) override;
    void on_finish_impl(Code&) override {}

    std::shared_ptr<Request> request_ = std::make_shared<Request>();
    int version_ = 0;  // 11 is HTTP/1.1
    int hosts_ = 0;
    int codings_ = 0;
    bool bad_coding_ = false;
};

/// X-Forwarded-For and X-Forwarded-Proto, believed only when the socket's peer is trusted:
/// the rightmost address that is not itself a trusted proxy.
void apply_forwarding(Request& request, const std::vector<net::IpPrefix>& trusted);

}  // namespace tongke::http
