#include "common/rtmp/amf0.hpp"

#include "common/rtmp/error.hpp"
#include "tests/golden/rtmp/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::rtmp;
using golden::hex;

TEST_CASE("every golden AMF0 value decodes to what it says") {
    for (const auto& row : golden::amf0_vectors()) {
        INFO(row.name);
        ByteReader reader(row.bytes);
        const auto value = amf0::decode(reader);
        REQUIRE(value);
        CHECK(*value == row.value);
        CHECK(reader.left() == 0);
    }
}

TEST_CASE("every canonical AMF0 value encodes to its golden bytes") {
    for (const auto& row : golden::amf0_vectors()) {
        if (!row.canonical) continue;
        INFO(row.name);
        CHECK(amf0::encode_all({row.value}) == row.bytes);
    }
}

TEST_CASE("a value cut short is an error at every length") {
    for (const auto& row : golden::amf0_vectors()) {
        INFO(row.name);
        for (std::size_t size = 1; size<row.bytes.size(); size += row.bytes.size()> 1000 ? 977 : 1) {
            CHECK(amf0::decode_all(ByteView{row.bytes}.first(size)).has_error());
        }
    }
}

TEST_CASE("sixteen nested objects are read and seventeen refused") {
    const auto nested = [](int depth) {
        Bytes bytes;
        for (int i = 0; i < depth; ++i) {
            const auto open = hex("03 0001 61");
            bytes.insert(bytes.end(), open.begin(), open.end());
        }
        bytes.push_back(5);
        for (int i = 0; i < depth; ++i) {
            const auto close = hex("0000 09");
            bytes.insert(bytes.end(), close.begin(), close.end());
        }
        return bytes;
    };
    CHECK(amf0::decode_all(nested(amf0::kMaxDepth)).has_value());
    CHECK(amf0::decode_all(nested(amf0::kMaxDepth + 1)).error() == Errc::amf_too_deep);
}

TEST_CASE("a message of too many values is refused before memory is taken") {
    CHECK(amf0::decode_all(hex("0a ffffffff 05")).error() == Errc::amf_too_large);
    CHECK(amf0::decode_all(hex("[05*4097]")).error() == Errc::amf_too_large);
    CHECK(amf0::decode_all(hex("[05*4096]")).has_value());
}

TEST_CASE("a string longer than its message is refused") {
    CHECK(amf0::decode_all(hex("0c ffffffff 61")).error() == Errc::amf_truncated);
}

TEST_CASE("an unknown marker is refused") {
    for (const auto* text : {"04", "09", "0e", "11", "ff"}) {
        CHECK(amf0::decode_all(hex(text)).error() == Errc::amf_unsupported_type);
    }
}
