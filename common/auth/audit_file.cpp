#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "common/auth/audit.hpp"
#include "common/base/bytes.hpp"

namespace tongke::auth {
namespace {

constexpr off_t kLongestLine = 64 * 1024;  // 5 texts of 2048 bytes, each byte at most 6 characters

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

int open_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) fail("cannot open " + path);
    return fd;
}

// Held while one record is written; another process waits for milliseconds.
class Locked {
  public:
    explicit Locked(int fd) : fd_(fd) {
        while (flock(fd_, LOCK_EX) != 0)
            if (errno != EINTR) fail("cannot lock the audit trail");
    }
    ~Locked() { flock(fd_, LOCK_UN); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

  private:
    int fd_;
};

off_t size_of(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) fail("cannot read the audit trail");
    return info.st_size;
}

std::string read_range(int fd, off_t from, off_t to) {
    std::string text(static_cast<std::size_t>(to - from), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const auto n = pread(fd, text.data() + got, text.size() - got, from + static_cast<off_t>(got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("cannot read the audit trail");
        got += static_cast<std::size_t>(n);
    }
    return text;
}

void write_all(int fd, std::string_view text, off_t at) {
    while (!text.empty()) {
        const auto n = pwrite(fd, text.data(), text.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("cannot write the audit trail");
        text.remove_prefix(static_cast<std::size_t>(n));
        at += n;
    }
}

// seq and hash of a good line, by their places; audit_check is the one that doubts.
AuditHead head_of(std::string_view line) {
    constexpr std::string_view kSeq = R"({"seq":)", kHash = R"(,"hash":")";
    AuditHead head;
    const auto at = line.rfind(kHash);
    if (!line.starts_with(kSeq) || at == std::string_view::npos || line.size() < at + kHash.size() + 64)
        throw std::runtime_error("the audit trail does not end in a record: run audit verify");
    std::from_chars(line.data() + kSeq.size(), line.data() + line.size(), head.seq);
    head.hash = line.substr(at + kHash.size(), 64);
    return head;
}

}  // namespace

struct AuditFile::Impl {
    std::string path;
    int fd = -1;
    int head_fd = -1;

    // The end of the last whole record, and the head there.
    std::pair<off_t, AuditHead> tail() const {
        const auto end = size_of(fd);
        const auto begin = std::max<off_t>(0, end - 2 * kLongestLine);
        const auto text = read_range(fd, begin, end);
        const auto last = text.rfind('\n');
        if (last == std::string::npos) {
            if (begin != 0)
                throw std::runtime_error("the audit trail holds an endless line: run audit verify");
            return {0, audit_genesis()};
        }
        const auto before = last == 0 ? std::string::npos : text.rfind('\n', last - 1);
        const auto from = before == std::string::npos ? 0 : before + 1;
        return {begin + static_cast<off_t>(last) + 1,
                head_of(std::string_view{text}.substr(from, last - from))};
    }

    void write(AuditHead& head, off_t& at, WallTime time, const AuditEntry& entry) const {
        const auto line = audit_line(head, time, entry) + '\n';
        write_all(fd, line, at);
        if (fdatasync(fd) != 0) fail("cannot sync " + path);
        at += static_cast<off_t>(line.size());
    }
};

AuditFile::AuditFile(std::string path) : impl_(std::make_unique<Impl>()) {
    impl_->path = std::move(path);
    impl_->fd = open_file(impl_->path);
    impl_->head_fd = open_file(impl_->path + ".head");
}

AuditFile::~AuditFile() {
    close(impl_->fd);
    close(impl_->head_fd);
}

void AuditFile::append(WallTime time, const AuditEntry& entry) {
    const Locked lock(impl_->fd);
    auto [at, head] = impl_->tail();
    if (const auto torn = size_of(impl_->fd) - at; torn > 0) {
        if (ftruncate(impl_->fd, at) != 0) fail("cannot repair " + impl_->path);
        impl_->write(head, at, time,
                     {"system", "audit.recovered", "", "ok",
                      fmt::format("a record torn after {} bytes was set aside", torn)});
    }
    impl_->write(head, at, time, entry);
    write_all(impl_->head_fd, fmt::format("{:020} {}\n", head.seq, head.hash), 0);
}

AuditCheck AuditFile::verify(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    AuditCheck out;
    out.head = audit_genesis();
    if (in) out = audit_check(in);
    std::int64_t seq = 0;
    std::string hash;
    std::ifstream head(path + ".head");
    // A kill between record and head leaves the head one record behind, never ahead.
    if (out.whole && head >> seq >> hash && seq > out.head.seq) {
        out.whole = false;
        out.line = out.records + 1;
        out.problem = fmt::format("{} record(s) are missing at the end", seq - out.head.seq);
    }
    return out;
}

}  // namespace tongke::auth
