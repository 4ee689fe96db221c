#include "common/auth/audit.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "common/auth/digest.hpp"
#include "common/time/format.hpp"

namespace tongke::auth {
namespace {

constexpr std::size_t kMostText = 2048;

// Length of the UTF-8 character at the front (RFC 3629 §4), 0 when there is none.
std::size_t character_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
    const auto first = at(0), second = at(1);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second >= 0xA0;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool outside = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
        return follows(1) && follows(2) && follows(3) && !outside ? 4 : 0;
    }
    return 0;
}

// As JSON text: what is not UTF-8 becomes '?', what is too long is cut between characters.
std::string quoted(std::string_view text) {
    std::string clean;
    while (!text.empty() && clean.size() < kMostText) {
        const auto length = character_length(text);
        clean += length == 0 ? std::string_view{"?"} : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return boost::json::serialize(clean);
}

// Everything but the hash itself; the hash is over exactly these characters.
std::string body_of(std::int64_t seq, std::string_view time, const AuditEntry& e, std::string_view prev) {
    return fmt::format(
        R"({{"seq":{},"time":"{}","actor":{},"action":{},"target":{},"result":{},"detail":{},"prev":"{}")",
        seq, time, quoted(e.actor), quoted(e.action), quoted(e.target), quoted(e.result), quoted(e.detail),
        prev);
}

// What is wrong with a line that should follow `head`; "" and head moved on when nothing is.
std::string check_line(std::string_view line, AuditHead& head) {
    constexpr std::string_view kMark = R"(,"hash":")";
    boost::system::error_code error;
    const auto value = boost::json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return "the line is not a JSON record";
    const auto& record = value.get_object();
    const auto* seq = record.if_contains("seq");
    const auto* prev = record.if_contains("prev");
    const auto* hash = record.if_contains("hash");
    if (seq == nullptr || !seq->is_int64() || prev == nullptr || !prev->is_string() || hash == nullptr ||
        !hash->is_string())
        return "seq, prev or hash is missing";
    if (seq->get_int64() != head.seq + 1)
        return fmt::format("record {} follows record {}: records are missing or inserted", seq->get_int64(),
                           head.seq);
    if (prev->get_string() != head.hash) return "prev is not the hash of the record before";
    const auto at = line.rfind(kMark);
    if (at == std::string_view::npos) return "hash is not the last member";
    const auto computed = sha256_hex(line.substr(0, at));
    if (hash->get_string() != computed) return "the record was changed: its hash does not match";
    if (line.substr(at) != fmt::format(R"({}{}"}})", kMark, computed)) return "text after the record";
    head = {seq->get_int64(), computed};
    return {};
}

}  // namespace

AuditHead audit_genesis() { return {0, std::string(64, '0')}; }

std::string audit_line(AuditHead& head, WallTime time, const AuditEntry& entry) {
    const auto body = body_of(head.seq + 1, to_iso8601(time), entry, head.hash);
    head = {head.seq + 1, sha256_hex(body)};
    return fmt::format(R"({},"hash":"{}"}})", body, head.hash);
}

AuditCheck audit_check(std::istream& in) {
    AuditCheck out;
    out.head = audit_genesis();
    const auto broken = [&](std::string problem) {
        out.whole = false;
        out.problem = std::move(problem);
        return out;
    };
    std::string line;
    while (std::getline(in, line)) {
        ++out.line;
        if (in.eof()) return broken("the last record is torn: no end of line");
        if (auto problem = check_line(line, out.head); !problem.empty()) return broken(std::move(problem));
        ++out.records;
    }
    out.line = 0;
    return out;
}

}  // namespace tongke::auth
