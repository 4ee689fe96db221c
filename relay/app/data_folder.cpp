#include "relay/app/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace tongke::relay {

void make_data_folder(const std::string& path) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(path, error);
    if (error) throw std::runtime_error("data_dir " + path + " cannot be made: " + error.message());
    if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    if (access(path.c_str(), R_OK | W_OK | X_OK) != 0)
        throw std::runtime_error("data_dir " + path + " cannot be written: " + std::strerror(errno));
}

DataFolder::DataFolder(std::string path) : path_(std::move(path)) {
    make_data_folder(path_);
    const auto file = path_ + "/serve.lock";
    lock_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) throw std::runtime_error(file + ": " + std::strerror(errno));
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        close(lock_);
        throw std::runtime_error("another tongke-relay serves from " + path_);
    }
}

DataFolder::~DataFolder() { close(lock_); }

}  // namespace tongke::relay
