// The player's web pages (班主任, technician and county pages), embedded.
#pragma once
#include "common/ui/asset.hpp"

namespace tongke::player::ui {

// Every file of the site.
std::span<const tongke::ui::Asset> assets();

// The file for a request path without its query, or null; "/" and "/county" are the page itself.
const tongke::ui::Asset* find(std::string_view path);

}  // namespace tongke::player::ui
