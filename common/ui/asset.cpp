#include "common/ui/asset.hpp"

#include <algorithm>

namespace tongke::ui {

const Asset* find_in(std::span<const Asset> assets, std::string_view path) {
    const auto found = std::ranges::find(assets, path, &Asset::path);
    return found == assets.end() ? nullptr : &*found;
}

}  // namespace tongke::ui
