// Holds media playlists to the rules of tests/support/hls_rules.hpp: the files
// named on the command line, in the order in which one client saw them. Prints
// each violation with its section; exit 0 when there is none, 1 otherwise.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "tests/support/hls_rules.hpp"

int main(int count, char** arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: tongke-test-hls-check PLAYLIST...\n");
        return 64;
    }
    std::optional<std::string> previous;
    std::size_t found = 0;
    for (int i = 1; i < count; ++i) {
        std::ifstream file(arguments[i], std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "%s: cannot be read\n", arguments[i]);
            return 64;
        }
        std::string current{std::istreambuf_iterator<char>{file}, {}};
        for (const auto& violation : tongke::hls::check_playlist(previous, current)) {
            std::printf("%s: %s: %s\n", arguments[i], violation.section.c_str(), violation.text.c_str());
            ++found;
        }
        previous = std::move(current);
    }
    std::printf("%d playlists, %zu violations\n", count - 1, found);
    return found == 0 ? 0 : 1;
}
