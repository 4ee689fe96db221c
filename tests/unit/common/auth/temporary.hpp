// A folder that goes when the test ends.
#pragma once
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

struct Temporary {
    Temporary() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tongke-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~Temporary() { std::filesystem::remove_all(path); }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    std::string file(const std::string& name) const { return (path / name).string(); }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            out.push_back(entry.path().filename());
        std::sort(out.begin(), out.end());
        return out;
    }
    std::filesystem::path path;
};
