#include "player/ui/assets.hpp"

namespace tongke::player::ui {

const tongke::ui::Asset* find(std::string_view path) {
    const bool page = path == "/" || path == "/county";
    return tongke::ui::find_in(assets(), page ? "/index.html" : path);
}

}  // namespace tongke::player::ui
