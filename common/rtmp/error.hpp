// What a peer can do wrong on RTMP. Each value has one distinct message; the
// label is short and from a closed set, fit for a metric.
#pragma once
#include <string_view>
#include <type_traits>

#include "common/base/result.hpp"

namespace tongke::rtmp {

enum class Errc {
    not_rtmp = 1,
    bad_chunk_size,
    message_too_long,
    too_much_in_flight,
    too_many_chunk_streams,
    chunk_without_header,
    malformed_control,
    amf_truncated,
    amf_too_deep,
    amf_too_large,
    amf_unsupported_type,
    malformed_command,
    command_before_connect,
    second_request,
    media_before_publish_start,
    bad_stream_name,
    bad_url,
    connect_rejected,
    play_rejected,
    publish_rejected,
    stream_ended,
};

Error make_error_code(Errc code);
/// "bad_chunk_size" and so on; for labels and log lines.
std::string_view label(Errc code);

}  // namespace tongke::rtmp

template <>
struct boost::system::is_error_code_enum<tongke::rtmp::Errc> : std::true_type {};
