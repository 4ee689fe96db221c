#include "common/http/header_lines.hpp"

#include "tests/support/catch.hpp"

using tongke::http::HeaderLines;

TEST_CASE("headers go on the wire as they were added, and are found whatever their case") {
    HeaderLines lines;
    CHECK_FALSE(lines.has("A"));
    lines.add("Content-Type", "text/html; charset=utf-8");
    lines.add("Content", "");
    lines.add("X-Name", "同课\tone");
    lines.add("content-type", "second");
    CHECK(lines.text() ==
          "Content-Type: text/html; charset=utf-8\r\nContent: \r\nX-Name: 同课\tone\r\n"
          "content-type: second\r\n");
    CHECK(lines.value("CONTENT-TYPE") == "text/html; charset=utf-8");
    CHECK(lines.has("content"));
    CHECK(lines.value("content").empty());
    CHECK_FALSE(lines.has("Content-Typ"));
    CHECK_FALSE(lines.has("text/html; charset=utf-8"));
    CHECK_FALSE(lines.has(""));
    HeaderLines all;
    all.add(lines);
    all.add(lines);
    CHECK(all.text() == lines.text() + lines.text());
}

TEST_CASE("one control byte anywhere in a header, and none of it is sent") {
    const std::string good = "0123456789 abcdefghij\xe5\x90\x8c";
    for (int c = 0; c < 256; ++c)
        for (std::size_t at = 0; at < good.size(); ++at) {
            auto text = good;
            text[at] = static_cast<char>(c);
            HeaderLines value, name;
            value.add("X", text);
            name.add(text, "x");
            const bool clean = (c >= 0x20 && c != 0x7f) || c == '\t';
            REQUIRE(value.text().empty() == !clean);
            REQUIRE(name.text().empty() == !clean);
        }
}
