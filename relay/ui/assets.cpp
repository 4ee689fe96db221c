#include "relay/ui/assets.hpp"

namespace tongke::relay::ui {

const tongke::ui::Asset* find(std::string_view path) {
    const bool page = path == "/";
    return tongke::ui::find_in(assets(), page ? "/index.html" : path);
}

}  // namespace tongke::relay::ui
