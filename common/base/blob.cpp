#include "common/base/blob.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace tongke {
namespace {

/// Above it descriptors are left to sockets.
int most_files() {
    static const int most = [] {
        rlimit limit{};
        if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
        return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX) / 4 * 3);
    }();
    return most;
}

bool write_all(int file, ByteView bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file, bytes.data(), bytes.size());
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

SharedBlob Blob::in_memory_file(ByteView bytes) {
    if (const int file = bytes.empty() ? -1 : ::memfd_create("tongke-blob", MFD_CLOEXEC); file >= 0) {
        const std::shared_ptr<Blob> blob{new Blob{file}};
        void* const at = file < most_files() && write_all(file, bytes)
                             ? ::mmap(nullptr, bytes.size(), PROT_READ, MAP_SHARED, file, 0)
                             : MAP_FAILED;
        if (at != MAP_FAILED) {
            blob->view_ = {static_cast<const std::uint8_t*>(at), bytes.size()};
            return blob;
        }
    }
    return share_blob(Bytes(bytes.begin(), bytes.end()));
}

Blob::~Blob() {
    if (file_ < 0) return;
    if (!view_.empty()) ::munmap(const_cast<std::uint8_t*>(view_.data()), view_.size());
    ::close(file_);
}

}  // namespace tongke
