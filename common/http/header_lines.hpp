// The headers of an answer, kept as they go on the wire: one text, so an answer
// costs one allocation for all of them. Pure.
#pragma once
#include <string>
#include <string_view>

namespace tongke::http {

class HeaderLines {
  public:
    /// What holds a control byte is left out (RFC 9110 §5.5): nothing that a peer wrote can start a new
    /// header.
    void add(std::string_view name, std::string_view value);
    void add(const HeaderLines& more);
    bool has(std::string_view name) const { return find(name).data() != nullptr; }
    /// Of the first of that name, whatever its case; "" when there is none. Valid until the next add().
    std::string_view value(std::string_view name) const { return find(name); }
    /// "Name: value\r\n" for each, in order.
    const std::string& text() const { return text_; }

  private:
    std::string_view find(std::string_view name) const;

    std::string text_;
};

}  // namespace tongke::http
