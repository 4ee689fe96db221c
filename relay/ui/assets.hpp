// The relay's web pages (county and national consoles), embedded.
#pragma once
#include "common/ui/asset.hpp"

namespace tongke::relay::ui {

// Every file of the site.
std::span<const tongke::ui::Asset> assets();

// The file for a request path without its query, or null; "/" is the page itself.
const tongke::ui::Asset* find(std::string_view path);

}  // namespace tongke::relay::ui
