// One request out of a connection's bytes, straight into our Request. Sans-I/O; tests/fuzz/http_request.cpp.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/http/wire_parser.hpp"
#include "common/net/ip_address.hpp"

namespace tongke::http {

/// read() fails with bad_target for one that cannot be decoded, bad_field for another number of Hosts than
/// one (HTTP/1.0: or none), bad_transfer_encoding for anything but one `chunked` in HTTP/1.1.
class RequestParser final : public WireParser<true> {
  public:
    RequestParser(std::size_t head_bytes, std::size_t body_bytes);

    /// Filled as far as read() came; never null. Who connects is not known here.
    const std::shared_ptr<Request>& request() const { return request_; }

  private:
    using View = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, View method, View target, int version, Code&) override;
    void on_response_impl(int, View, int, Code&) override {}
    void on_header(Field field, std::string_view name, std::string_view value) override;
    void on_header_impl(Code&) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(View body, Code&) override;

    std::shared_ptr<Request> request_ = std::make_shared<Request>();
    int version_ = 0;  // 11 is HTTP/1.1
    int hosts_ = 0;
    int codings_ = 0;
    bool bad_coding_ = false;
};

/// X-Forwarded-For and X-Forwarded-Proto of a request whose socket's peer is one of `trusted`: the rightmost
/// address that is not.
void apply_forwarding(Request& request, const std::vector<net::IpPrefix>& trusted);

}  // namespace tongke::http
