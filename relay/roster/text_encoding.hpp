// The border where Excel's files become UTF-8 (X03): UTF-8, UTF-8 with BOM, or
// GB18030 without any mark. Pure; any thread.
#pragma once
#include <string>
#include <string_view>
#include <variant>

namespace tongke::relay {

struct DecodedText {
    std::string utf8;
    std::string encoding;  // "UTF-8", "UTF-8 BOM", "GB18030"
};
/// The text, or one Chinese sentence that says what the file is instead.
std::variant<DecodedText, std::string> decode_text(std::string_view bytes);

std::string to_gb18030(std::string_view utf8);

}  // namespace tongke::relay
