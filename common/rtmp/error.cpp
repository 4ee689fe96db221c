#include "common/rtmp/error.hpp"

#include <array>

#include "common/base/error_category.hpp"

namespace tongke::rtmp {
namespace {

struct Entry {
    std::string_view label;
    const char* message;
};

// In the order of Errc.
constexpr std::array kEntries{
    Entry{"none", "no error"},
    Entry{"not_rtmp", "the peer does not speak rtmp version 3"},
    Entry{"bad_chunk_size", "chunk size must lie between 1 and 16777215"},
    Entry{"message_too_long", "message is longer than 8 MiB"},
    Entry{"too_much_in_flight", "unfinished messages hold more than 16 MiB, or 256 KiB before a publish"},
    Entry{"too_many_chunk_streams", "more than 64 chunk streams are in use"},
    Entry{"chunk_without_header", "chunk refers to a header that was never sent"},
    Entry{"malformed_control", "protocol control message has the wrong length"},
    Entry{"amf_truncated", "amf0 value ends before its length"},
    Entry{"amf_too_deep", "amf0 values are nested more than 16 deep"},
    Entry{"amf_too_large", "amf0 message has more than 4096 values"},
    Entry{"amf_unsupported_type", "amf0 type marker is unknown"},
    Entry{"malformed_command", "command lacks its name or an argument"},
    Entry{"command_before_connect", "command came before connect"},
    Entry{"second_request", "one connection carries one publish or one play"},
    Entry{"media_before_publish_start", "more than 1 MB of media came before publishing was accepted"},
    Entry{"bad_stream_name", "stream name may hold letters, digits, dot, underscore and hyphen only"},
    Entry{"bad_url", "url must be rtmp[s]://host[:port]/app/stream"},
    Entry{"connect_rejected", "server rejected connect"},
    Entry{"play_rejected", "server rejected play"},
    Entry{"publish_rejected", "server rejected publish"},
    Entry{"stream_ended", "server ended the stream"},
};

const char* words(Errc error) {
    const auto index = static_cast<std::size_t>(error);
    return index < kEntries.size() ? kEntries[index].message : nullptr;
}

}  // namespace

Error make_error_code(Errc code) {
    static const ErrorCategory<Errc> category{"rtmp", words};
    return {static_cast<int>(code), category};
}

std::string_view label(Errc code) {
    const auto index = static_cast<std::size_t>(code);
    return index < kEntries.size() ? kEntries[index].label : "unknown";
}

}  // namespace tongke::rtmp
