#include "relay/roster/text_encoding.hpp"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <memory>
#include <optional>
#include <vector>

namespace tongke::relay {
namespace {

using Converter = std::unique_ptr<UConverter, decltype(&ucnv_close)>;

Converter open_converter(const char* name) {
    UErrorCode status = U_ZERO_ERROR;
    Converter converter{ucnv_open(name, &status), &ucnv_close};
    if (U_FAILURE(status)) return {nullptr, &ucnv_close};
    // A byte sequence that is none of this encoding is an error, not a question mark.
    ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    return converter;
}

/// UTF-8 from `encoding`, or nothing when a sequence does not belong to it.
std::optional<std::string> convert(std::string_view bytes, const char* encoding) {
    const auto converter = open_converter(encoding);
    if (!converter) return std::nullopt;
    std::vector<UChar> wide(bytes.size() + 1);
    UErrorCode status = U_ZERO_ERROR;
    const auto length = ucnv_toUChars(converter.get(), wide.data(), static_cast<int32_t>(wide.size()),
                                      bytes.data(), static_cast<int32_t>(bytes.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    std::string out(static_cast<std::size_t>(length) * 3 + 1, '\0');
    int32_t written = 0;
    status = U_ZERO_ERROR;
    u_strToUTF8(out.data(), static_cast<int32_t>(out.size()), &written, wide.data(), length, &status);
    if (U_FAILURE(status)) return std::nullopt;
    out.resize(static_cast<std::size_t>(written));
    return out;
}

}  // namespace

std::variant<DecodedText, std::string> decode_text(std::string_view bytes) {
    constexpr std::size_t kMaxBytes = 32 << 20;
    if (bytes.size() > kMaxBytes) return "文件超过 32 MB，请分县导入";
    if (bytes.starts_with("PK\x03\x04")) return "这是 xlsx 表格，请在 Excel 或 WPS 中另存为 CSV 后再导入";
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
        return "文件编码是 UTF-16（“Unicode 文本”），请另存为 CSV UTF-8 后再导入";
    if (bytes.find('\0') != std::string_view::npos) return "这不是文本文件，请导入 CSV";
    const bool marked = bytes.starts_with("\xef\xbb\xbf");
    if (auto text = convert(marked ? bytes.substr(3) : bytes, "UTF-8"))
        return DecodedText{std::move(*text), marked ? "UTF-8 BOM" : "UTF-8"};
    if (!marked) {
        if (auto text = convert(bytes, "gb18030")) return DecodedText{std::move(*text), "GB18030"};
    }
    return "无法识别文件编码，请另存为 CSV UTF-8 后再导入";
}

std::string to_gb18030(std::string_view utf8) {
    UErrorCode status = U_ZERO_ERROR;
    std::vector<UChar> wide(utf8.size() + 1);
    int32_t length = 0;
    u_strFromUTF8(wide.data(), static_cast<int32_t>(wide.size()), &length, utf8.data(),
                  static_cast<int32_t>(utf8.size()), &status);
    const auto converter = open_converter("gb18030");
    if (U_FAILURE(status) || !converter) return {};
    std::string out(static_cast<std::size_t>(length) * 4 + 4, '\0');
    const auto written = ucnv_fromUChars(converter.get(), out.data(), static_cast<int32_t>(out.size()),
                                         wide.data(), length, &status);
    if (U_FAILURE(status)) return {};
    out.resize(static_cast<std::size_t>(written));
    return out;
}

}  // namespace tongke::relay
