#include "player/ui/assets.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;

TEST_CASE("the page and the county page are the same file, asked for anew each time") {
    const auto* page = player::ui::find("/");
    REQUIRE(page != nullptr);
    REQUIRE(page == player::ui::find("/county"));
    REQUIRE(page->content_type == "text/html; charset=utf-8");
    REQUIRE(page->cache_control == ui::kAskEachTime);
    REQUIRE(as_text(page->bytes).find("<div id=\"app\">") != std::string_view::npos);
}

TEST_CASE("every address that the page names is embedded, whole, and kept by the browser") {
    const auto html = as_text(player::ui::find("/")->bytes);
    std::size_t named = 0;
    for (auto at = html.find("\"/assets/"); at != std::string_view::npos;
         at = html.find("\"/assets/", at + 1)) {
        const auto path = html.substr(at + 1, html.find('"', at + 1) - at - 1);
        const auto* asset = player::ui::find(path);
        REQUIRE(asset != nullptr);
        REQUIRE(!asset->bytes.empty());
        REQUIRE(asset->cache_control == ui::kKeepForEver);
        ++named;
    }
    REQUIRE(named == 3);
}

TEST_CASE("a path that is no file of the site is not found") {
    for (const auto* path : {"", "/assets", "/assets/", "/assets/../index.html", "/index.htm", "//"})
        REQUIRE(player::ui::find(path) == nullptr);
}
