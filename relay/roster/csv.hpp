// CSV as spreadsheets write it (RFC 4180: quotes, doubled quotes, line breaks
// inside quotes; CRLF or LF). Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tongke::relay {

struct CsvRow {
    int line = 1;  // where the row begins in the file
    std::vector<std::string> fields;
};

/// Rows that are empty throughout are left out. An open quote ends with the file.
std::vector<CsvRow> parse_csv(std::string_view text);

/// One line with CRLF; fields are quoted where they must be.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace tongke::relay
