// Runs a fuzz target over every file of a seed folder and over the empty input,
// and every prefix of small seeds: a regression test where libFuzzer is not built.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 64;
    }
    constexpr std::size_t kAllPrefixesUpTo = 4096;
    std::size_t files = 0, inputs = 1;
    LLVMFuzzerTestOneInput(nullptr, 0);
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        const auto first = bytes.size() <= kAllPrefixesUpTo ? 1 : bytes.size();
        for (auto size = std::max<std::size_t>(first, 1); size <= bytes.size(); ++size, ++inputs) {
            // A copy of exactly this size, so that a sanitizer sees reads past its end.
            const std::vector<std::uint8_t> exact(data, data + size);
            LLVMFuzzerTestOneInput(exact.data(), exact.size());
        }
        ++files;
    }
    std::printf("%zu files, %zu inputs\n", files, inputs);
    return files > 0 ? 0 : 1;
}
