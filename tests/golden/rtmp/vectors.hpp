// The one table of wire bytes: it feeds the decode tests, the encode tests and
// the seeds of the fuzz targets. Bytes are written by hand from the AMF0
// specification and RTMP 1.0, not taken from our own writer.
#pragma once
#include <string>
#include <vector>

#include "common/rtmp/amf0.hpp"
#include "common/rtmp/message.hpp"
#include "tests/golden/rtmp/hex.hpp"

namespace tongke::golden {

struct Amf0Vector {
    std::string name;
    rtmp::amf0::Value value;
    Bytes bytes;
    bool canonical = true;  // our encoder writes exactly these bytes
};

inline const std::vector<Amf0Vector>& amf0_vectors() {
    using namespace rtmp::amf0;
    static const std::vector<Amf0Vector> table{
        {"number", 1.0, hex("00 3ff0000000000000")},
        {"negative-number", -2000.0, hex("00 c09f400000000000")},
        {"true", true, hex("01 01")},
        {"false", false, hex("01 00")},
        {"boolean-of-7", true, hex("01 07"), false},
        {"string", "live", hex("02 0004 6c697665")},
        {"empty-string", "", hex("02 0000")},
        {"null", Null{}, hex("05")},
        {"undefined", Value{}, hex("06")},
        {"unsupported", Value{}, hex("0d"), false},
        {"reference", Reference{3}, hex("07 0003")},
        {"object", Object{{{"app", "live"}, {"n", 1.0}}, {}},
         hex("03 0003 617070 02 0004 6c697665 0001 6e 00 3ff0000000000000 0000 09")},
        {"empty-object", Object{}, hex("03 0000 09")},
        {"nested-object", Object{{{"a", Object{{{"b", Null{}}}, {}}}}, {}},
         hex("03 0001 61 03 0001 62 05 0000 09 0000 09")},
        {"property-without-name", Object{{{"", true}}, {}}, hex("03 0000 01 01 0000 09")},
        {"typed-object", Object{{{"a", false}}, "Cls"}, hex("10 0003 436c73 0001 61 01 00 0000 09")},
        {"ecma-array", EcmaArray{{{"w", 1.0}}}, hex("08 00000001 0001 77 00 3ff0000000000000 0000 09")},
        {"ecma-array-count-too-small", EcmaArray{{{"w", 1.0}}},
         hex("08 00000000 0001 77 00 3ff0000000000000 0000 09"), false},
        {"ecma-array-count-absurd", EcmaArray{{{"w", 1.0}}},
         hex("08 ffffffff 0001 77 00 3ff0000000000000 0000 09"), false},
        {"strict-array", StrictArray{{"avc1", "mp4a"}}, hex("0a 00000002 02 0004 61766331 02 0004 6d703461")},
        {"empty-strict-array", StrictArray{}, hex("0a 00000000")},
        {"date", Date{1.0, -480}, hex("0b 3ff0000000000000 fe20")},
        {"short-text-as-long-string", "hi", hex("0c 00000002 6869"), false},
        {"long-string", std::string(65536, 'a'), hex("0c 00010000 [61*65536]")},
        {"xml", XmlDocument{"<a/>"}, hex("0f 00000004 3c612f3e")},
    };
    return table;
}

struct ChunkVector {
    std::string name;
    std::vector<rtmp::Message> messages;
    Bytes bytes;
    std::uint32_t canonical_chunk_stream =
        0;  // not 0: our writer makes exactly these bytes, on this chunk stream
};

inline rtmp::Message message(rtmp::MessageType type, std::uint32_t timestamp, std::uint32_t stream_id,
                             std::string_view payload) {
    return {type, timestamp, stream_id, hex(payload)};
}

/// Each row is a stream of its own, at the initial chunk size of 128.
inline const std::vector<ChunkVector>& chunk_vectors() {
    using enum rtmp::MessageType;
    static const std::vector<ChunkVector> table{
        {"one-chunk", {message(audio, 1000, 1, "af010203")}, hex("04 0003e8 000004 08 01000000 af010203"), 4},
        {"exactly-one-chunk",
         {message(video, 0, 1, "[17*128]")},
         hex("06 000000 000080 09 01000000 [17*128]"),
         6},
        {"two-chunks",
         {message(video, 40, 1, "[17*130]")},
         hex("06 000028 000082 09 01000000 [17*128] c6 1717"),
         6},
        {"no-payload", {message(audio, 5, 1, "")}, hex("04 000005 000000 08 01000000"), 4},
        {"largest-plain-timestamp",
         {message(audio, 0xFFFFFE, 1, "af01")},
         hex("04 fffffe 000002 08 01000000 af01"),
         4},
        {"smallest-extended-timestamp",
         {message(audio, 0xFFFFFF, 1, "af01")},
         hex("04 ffffff 000002 08 01000000 00ffffff af01"),
         4},
        {"extended-timestamp-repeated",
         {message(video, 0x01000028, 1, "[17*257]")},
         hex("06 ffffff 000101 09 01000000 01000028 [17*128] c6 01000028 [17*128] c6 01000028 17"),
         6},
        {"extended-timestamp-half-way",
         {message(video, 0x7FFFFF00, 1, "[17*129]")},
         hex("06 ffffff 000081 09 01000000 7fffff00 [17*128] c6 7fffff00 17"),
         6},
        {"extended-timestamp-last",
         {message(video, 0xFFFFFFFF, 1, "[17*129]")},
         hex("06 ffffff 000081 09 01000000 ffffffff [17*128] c6 ffffffff 17"),
         6},
        {"extended-timestamp-not-repeated",
         {message(video, 0x01000028, 1, "[17*257]"), message(video, 0x01000050, 1, "[27*129]")},
         hex("06 ffffff 000101 09 01000000 01000028 [17*128] c6 [17*128] c6 17"
             "06 ffffff 000081 09 01000000 01000050 [27*128] c6 27")},
        {"not-repeated-and-payload-begins-alike",
         {message(video, 0x01000028, 1, "[17*128] 010000ff17")},
         hex("06 ffffff 000085 09 01000000 01000028 [17*128] c6 010000ff17")},
        {"extended-delta",
         {message(video, 16, 1, "17"), message(video, 0x01000010, 1, "27")},
         hex("06 000010 000001 09 01000000 17  46 ffffff 000001 09 01000000 27")},
        {"type-1-keeps-message-stream",
         {message(audio, 1000, 1, "af01"), message(audio, 1023, 1, "af0102")},
         hex("04 0003e8 000002 08 01000000 af01  44 000017 000003 08 af0102")},
        {"type-2-keeps-length",
         {message(audio, 1000, 1, "af01"), message(audio, 1023, 1, "af02")},
         hex("04 0003e8 000002 08 01000000 af01  84 000017 af02")},
        {"type-3-repeats-delta",
         {message(audio, 1000, 1, "af01"), message(audio, 1023, 1, "af02"), message(audio, 1046, 1, "af03")},
         hex("04 0003e8 000002 08 01000000 af01  84 000017 af02  c4 af03")},
        {"type-3-after-type-0-adds-its-timestamp",
         {message(audio, 20, 1, "af01"), message(audio, 40, 1, "af02")},
         hex("04 000014 000002 08 01000000 af01  c4 af02")},
        {"timestamp-wraps",
         {message(audio, 0xFFFFFFF0, 1, "af01"), message(audio, 0x10, 1, "af02")},
         hex("04 ffffff 000002 08 01000000 fffffff0 af01  84 000020 af02")},
        {"chunk-stream-64", {message(audio, 1, 1, "af01")}, hex("00 00 000001 000002 08 01000000 af01"), 64},
        {"chunk-stream-319",
         {message(audio, 1, 1, "af01")},
         hex("00 ff 000001 000002 08 01000000 af01"),
         319},
        {"chunk-stream-319-long-spelling",
         {message(audio, 1, 1, "af01")},
         hex("01 ff00 000001 000002 08 01000000 af01")},
        {"chunk-stream-320",
         {message(audio, 1, 1, "af01")},
         hex("01 0001 000001 000002 08 01000000 af01"),
         320},
        {"chunk-stream-65599",
         {message(audio, 1, 1, "[af*129]")},
         hex("01 ffff 000001 000081 08 01000000 [af*128] c1 ffff af"),
         65599},
        {"both-spellings-are-one-stream",
         {message(audio, 1, 1, "af01"), message(audio, 3, 1, "af02")},
         hex("00 00 000001 000002 08 01000000 af01  81 0000 000002 af02")},
        {"message-stream-is-little-endian",
         {message(audio, 1, 0x01020304, "af")},
         hex("04 000001 000001 08 04030201 af"),
         4},
        {"interleaved",
         {message(audio, 8, 1, "af01"), message(video, 7, 1, "[17*129]")},
         hex("06 000007 000081 09 01000000 [17*128]  04 000008 000002 08 01000000 af01  c6 17")},
        {"set-chunk-size",
         {message(video, 7, 1, "[17*200]")},
         hex("02 000000 000004 01 00000000 00001000  06 000007 0000c8 09 01000000 [17*200]")},
        {"set-chunk-size-1",
         {message(audio, 7, 1, "af01")},
         hex("02 000000 000004 01 00000000 00000001  04 000007 000002 08 01000000 af c4 01")},
        {"set-chunk-size-largest",
         {message(video, 7, 1, "[17*300]")},
         hex("02 000000 000004 01 00000000 00ffffff  06 000007 00012c 09 01000000 [17*300]")},
        {"abort",
         {message(video, 9, 1, "27")},
         hex("06 000007 000081 09 01000000 [17*128]  02 000000 000004 02 00000000 00000006"
             "06 000009 000001 09 01000000 27")},
    };
    return table;
}

}  // namespace tongke::golden
