// link: common_rtmp
// AMF0 of any bytes: whatever decodes encodes again, and that decodes to the same value.
#include "common/rtmp/amf0.hpp"

#include <cstdlib>

using namespace tongke;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto values = rtmp::amf0::decode_all({data, size});
    if (!values) return 0;
    const auto bytes = rtmp::amf0::encode_all(*values);
    const auto again = rtmp::amf0::decode_all(bytes);
    // Compared as bytes: a NaN does not equal itself.
    if (!again || rtmp::amf0::encode_all(*again) != bytes) std::abort();
    return 0;
}
