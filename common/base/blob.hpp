// Immutable bytes that are sent many times: on the heap, or in a memory file
// (memfd_create(2)) out of which sendfile(2) sends them without a copy. Whoever
// holds a SharedBlob may read it from any thread.
#pragma once
#include "common/base/bytes.hpp"

namespace tongke {

class Blob {
  public:
    explicit Blob(Bytes bytes) : heap_(std::move(bytes)), view_(heap_) {}
    ~Blob();
    Blob(const Blob&) = delete;
    Blob& operator=(const Blob&) = delete;

    /// A copy of `bytes` in a memory file; on the heap where the system gives none (too many open files).
    static std::shared_ptr<const Blob> in_memory_file(ByteView bytes);

    ByteView view() const { return view_; }
    operator ByteView() const { return view_; }
    std::size_t size() const { return view_.size(); }
    bool empty() const { return view_.empty(); }
    auto begin() const { return view_.begin(); }
    auto end() const { return view_.end(); }
    /// A descriptor of exactly these bytes, which stays the blob's; -1: on the heap.
    int file() const { return file_; }

    bool operator==(const Blob& other) const { return as_text(view_) == as_text(other.view_); }

  private:
    explicit Blob(int file) : file_(file) {}

    Bytes heap_;
    ByteView view_;
    int file_ = -1;
};
using SharedBlob = std::shared_ptr<const Blob>;

inline SharedBlob share_blob(Bytes bytes) { return std::make_shared<const Blob>(std::move(bytes)); }
inline SharedBlob share_blob(std::string_view text) { return share_blob(Bytes(text.begin(), text.end())); }

}  // namespace tongke
