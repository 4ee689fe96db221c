// The audit trail: append-only JSON lines, each holding the hash of the one
// before, so that a changed, removed or inserted record shows (X06, MLPS).
// Chain code is pure; AuditFile is the writer: one record = one write + fsync
// under a file lock, so commands may append beside a running server, and a line
// torn by a kill is set aside at the next append and recorded. Any thread may
// own an AuditFile; it is not shared between threads.
#pragma once
#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "common/auth/error.hpp"
#include "common/time/clock.hpp"

namespace tongke::auth {

/// Who did what to what, with which result. No passwords, tokens or phone numbers.
struct AuditEntry {
    std::string actor;   // account, "node:ID", "cli:USER" or "" when nobody is known
    std::string action;  // "login", "publish", "roster.import" …
    std::string target;  // room, stream, account …
    std::string result;  // "ok" or the refusal's word
    std::string detail;  // free text, may be empty
};

struct AuditHead {
    std::int64_t seq = 0;
    std::string hash;  // hex; of nothing: 64 zeros
};
AuditHead audit_genesis();

/// One line (without '\n') that follows `head`, which is moved on.
std::string audit_line(AuditHead& head, WallTime time, const AuditEntry& entry);

struct AuditCheck {
    bool whole = true;
    std::int64_t records = 0;
    std::int64_t line = 0;  // where it breaks, 1-based
    std::string problem;    // what is wrong there, in words
    AuditHead head;         // of the last good record
};
/// Walks a trail from its beginning. A last line without its '\n' is a break.
AuditCheck audit_check(std::istream& in);

class AuditFile {
  public:
    /// Opens or creates `path` (mode 0600); `path`.head keeps the newest seq and hash,
    /// so that a trail whose end was cut off shows too. Throws std::runtime_error.
    explicit AuditFile(std::string path);
    ~AuditFile();

    /// On disk when it returns. Throws std::runtime_error when it cannot be written:
    /// what cannot be audited is not done.
    void append(WallTime time, const AuditEntry& entry);

    static AuditCheck verify(const std::string& path);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tongke::auth
