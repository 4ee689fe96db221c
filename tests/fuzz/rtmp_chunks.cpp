// link: common_rtmp
// Chunks of any bytes, whole and byte by byte: the same messages, the same end.
#include <cstdlib>

#include "common/rtmp/chunk_reader.hpp"

using namespace tongke;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input{data, size};
    rtmp::ChunkReader whole, pieces;
    std::vector<rtmp::Message> from_whole, from_pieces;
    const auto whole_end = whole.feed(input, from_whole);
    Error pieces_end;
    for (std::size_t at = 0; at < size && !pieces_end; ++at)
        pieces_end = pieces.feed(input.subspan(at, 1), from_pieces);
    if (whole_end != pieces_end || from_whole.size() != from_pieces.size()) std::abort();
    for (std::size_t i = 0; i < from_whole.size(); ++i) {
        const auto &a = from_whole[i], &b = from_pieces[i];
        if (a.type != b.type || a.timestamp != b.timestamp || a.stream_id != b.stream_id ||
            a.payload != b.payload) {
            std::abort();
        }
    }
    return 0;
}
