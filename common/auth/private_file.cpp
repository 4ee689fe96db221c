#include "common/auth/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "common/auth/digest.hpp"
#include "common/auth/random.hpp"

namespace tongke::auth {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

// The name is not enough: a rename is on disk only once its folder is.
void sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

void write_private(const std::string& path, std::string_view text) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) fail("cannot create " + path);
    const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool synced = written && fsync(fd) == 0;
    close(fd);
    if (!synced) {
        unlink(path.c_str());
        fail("cannot write " + path);
    }
}

}  // namespace

void create_private_once(const std::string& path, const std::function<std::string()>& text) {
    if (access(path.c_str(), F_OK) == 0) return;
    // link() refuses an existing name, so of two starters one wins and both load its key.
    const auto temporary = path + "." + random_hex(4);
    write_private(temporary, text());
    const bool linked = link(temporary.c_str(), path.c_str()) == 0;
    const int why = errno;
    unlink(temporary.c_str());
    if (!linked && why != EEXIST) {
        errno = why;
        fail("cannot create " + path);
    }
    sync_folder_of(path);
}

void replace_private(const std::string& path, std::string_view text) {
    const auto temporary = path + "." + random_hex(4);
    write_private(temporary, text);
    if (rename(temporary.c_str(), path.c_str()) != 0) {
        unlink(temporary.c_str());
        fail("cannot write " + path);
    }
    sync_folder_of(path);
}

Bytes load_or_create_secret(const std::string& path, std::size_t bytes) {
    create_private_once(path, [bytes] { return random_token(bytes) + "\n"; });
    std::ifstream in(path, std::ios::binary);
    std::string text;
    std::getline(in, text);
    auto secret = from_base64url(text);
    if (!in || !secret || secret->size() != bytes)
        throw std::runtime_error(path + ": not a secret of " + std::to_string(bytes) +
                                 " bytes: put the right file back, or remove it to have a new one made");
    return *secret;
}

}  // namespace tongke::auth
