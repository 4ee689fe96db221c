// link: common_config
// Any text as a configuration file and as a --set: problems, never a crash.
#include <cstdint>

#include "common/config/config.hpp"

using namespace tongke;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    auto document = config::Document::parse(text, "fuzz.toml");
    document.set(text.substr(0, 200));
    auto root = document.root();
    auto rtmp = root.section("rtmp");
    config::Address address;
    rtmp.read("listen", address);
    Milliseconds wait{0};
    rtmp.read("wait", wait, Milliseconds{0}, Milliseconds{60'000});
    for (auto& stream : root.section("stream").sections()) {
        std::string key;
        stream.read("publish_key", key);
    }
    (void)root.list("upstream");
    (void)document.problems();
    return 0;
}
