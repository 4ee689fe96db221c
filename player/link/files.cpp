#include "player/link/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tongke::player {
namespace {

Error last_error() { return {errno, boost::system::system_category()}; }

Result<void> write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return last_error();
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(fd) != 0) return last_error();
    return {};
}

void sync_folder(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash);
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

/// `like`: whose mode and owner it gets; null: 0600, the caller's.
Result<void> replace(const std::string& path, std::string_view content, const struct stat* like) {
    const auto beside = path + ".new";
    ::unlink(beside.c_str());  // of one that was killed; or not ours at all
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return last_error();
    Result<void> written;
    if (like && (::fchown(fd, like->st_uid, like->st_gid) != 0 || ::fchmod(fd, like->st_mode & 07777) != 0))
        written = last_error();
    if (written) written = write_all(fd, content);
    if (::close(fd) != 0 && written) written = last_error();
    if (written && std::rename(beside.c_str(), path.c_str()) != 0) written = last_error();
    if (!written) {
        ::unlink(beside.c_str());
        return written;
    }
    sync_folder(path);
    return {};
}

}  // namespace

Result<void> write_whole(const std::string& path, std::string_view content) {
    return replace(path, content, nullptr);
}

Result<void> rewrite(const std::string& path, std::string_view content) {
    std::error_code error;
    const auto whole = std::filesystem::canonical(path, error).string();
    struct stat like {};
    if (error || ::stat(whole.c_str(), &like) != 0) return last_error();
    return replace(whole, content, &like);
}

std::optional<std::string> read_whole(const std::string& path, std::size_t most) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::string content;
    content.reserve(4096);
    for (char block[4096]; in.read(block, sizeof block) || in.gcount() > 0;) {
        content.append(block, static_cast<std::size_t>(in.gcount()));
        if (content.size() > most) return std::nullopt;
    }
    return content;
}

}  // namespace tongke::player
