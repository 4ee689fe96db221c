#include "relay/roster/csv.hpp"

#include <algorithm>

namespace tongke::relay {
namespace {

class CsvReader {
  public:
    explicit CsvReader(std::string_view text) : text_(text) {}

    std::vector<CsvRow> rows() {
        while (at_ < text_.size()) {
            CsvRow row{line_, {}};
            do row.fields.push_back(field());
            while (at_ < text_.size() && text_[at_] == ',' && ++at_);
            end_of_line();
            const auto filled = [](const std::string& f) {
                return f.find_first_not_of(" \t") != std::string::npos;
            };
            if (std::any_of(row.fields.begin(), row.fields.end(), filled)) rows_.push_back(std::move(row));
        }
        return std::move(rows_);
    }

  private:
    std::string field() {
        std::string out;
        if (at_ < text_.size() && text_[at_] == '"') quoted(out);
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
            out += text_[at_++];
        return out;
    }
    void quoted(std::string& out) {
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                out += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                out += '"';
                ++at_;
            } else {
                ++at_;
                return;
            }
        }
    }
    void end_of_line() {
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        ++line_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::vector<CsvRow> rows_;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text) { return CsvReader{text}.rows(); }

std::string csv_line(const std::vector<std::string>& fields) {
    std::string out;
    for (const auto& field : fields) {
        if (!out.empty() || &field != &fields.front()) out += ',';
        if (field.find_first_of(",\"\r\n") == std::string::npos) {
            out += field;
            continue;
        }
        out += '"';
        for (const char c : field) out.append(c == '"' ? 2 : 1, c);
        out += '"';
    }
    return out + "\r\n";
}

}  // namespace tongke::relay
