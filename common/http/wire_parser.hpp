// Beast's HTTP/1.1 parser (RFC 9112) with its traps closed, for requests and for answers: a head is bounded
// however its bytes are cut, the fields of a trailer are given to nobody (one that frames the message is
// refused), and the end of a chunked body may come byte by byte. Sans-I/O.
#pragma once
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <string_view>

namespace tongke::http {

inline std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

template <bool kRequest>
class WireParser : public boost::beast::http::basic_parser<kRequest> {
    using Base = boost::beast::http::basic_parser<kRequest>;

  public:
    using Code = boost::beast::error_code;
    using Field = boost::beast::http::field;

    enum class Until { head, end };

    /// Takes from the front of `bytes`, which are all that is there of the message, as far as they go;
    /// `taken` is how much that was. Errors are Beast's (boost/beast/http/error.hpp): need_more where they do
    /// not reach the end of that part, header_limit, body_limit, or what is wrong.
    Code read(std::string_view bytes, Until until, std::size_t& taken) {
        Code error;
        for (taken = 0; !error && !has_come_to(until);) taken += take(bytes.substr(taken), error);
        return error;
    }
    Code read(boost::beast::flat_buffer& buffer, Until until) {
        const auto come = buffer.data();
        std::size_t taken = 0;
        const Code error = read({static_cast<const char*>(come.data()), come.size()}, until, taken);
        buffer.consume(taken);
        return error;
    }

  protected:
    explicit WireParser(std::size_t head_bytes) : head_left_(head_bytes) {
        this->header_limit(static_cast<std::uint32_t>(head_bytes));
    }

    /// Each of the head's, in order.
    virtual void on_header(Field field, std::string_view name, std::string_view value) = 0;

  private:
    using Base::put;
    using View = boost::beast::string_view;

    bool has_come_to(Until until) const {
        return until == Until::head ? this->is_header_done() : this->is_done();
    }

    std::size_t take(std::string_view bytes, Code& error) {
        // Beast 1.81 asserts that what it left of a last chunk is whole when it sees it again.
        constexpr std::string_view kShortestEnd = "0\r\n\r\n";
        if (bytes.empty() || (in_chunks_ && bytes.size() < kShortestEnd.size())) {
            error = boost::beast::http::error::need_more;
            return 0;
        }
        const bool in_head = !this->is_header_done();
        const auto taken = Base::put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
        // Beast's own limit counts what is shown at once, not what was taken before.
        if (in_head && taken > head_left_) error = boost::beast::http::error::header_limit;
        if (in_head) head_left_ -= std::min(head_left_, taken);
        in_chunks_ =
            error == boost::beast::http::error::need_more && this->is_header_done() && this->chunked();
        return taken;
    }

    void on_field_impl(Field field, View name, View value, Code&) final {
        const bool is_trailer = this->is_header_done();  // RFC 9110 §6.5.1
        if (!is_trailer) on_header(field, view(name), view(value));
    }
    void on_chunk_header_impl(std::uint64_t, View, Code&) final {}
    std::size_t on_chunk_body_impl(std::uint64_t, View body, Code& error) final {
        return this->on_body_impl(body, error);
    }
    void on_finish_impl(Code&) final {}

    std::size_t head_left_;
    bool in_chunks_ = false;  // the last call left something of a chunked body
};

}  // namespace tongke::http
