#include "relay/stream/stream_view.hpp"

#include <algorithm>
#include <utility>

namespace tongke::relay {
namespace {

// Without video frames to follow, audio waits no longer than this.
constexpr Milliseconds kAudioAlone{60};

/// Calls every reader, also when readers leave or join during the calls.
template <class Reader, class Call>
void each(std::vector<Reader*>& readers, Call call) {
    const auto count = readers.size();
    for (std::size_t i = 0; i < count; ++i)
        if (readers[i]) call(*readers[i]);
    std::erase(readers, nullptr);
}

template <class Reader>
void remove(std::vector<Reader*>& readers, Reader& reader) {
    // The place stays, empty, as this may be during each().
    std::replace(readers.begin(), readers.end(), &reader, static_cast<Reader*>(nullptr));
}

}  // namespace

StreamView::StreamView(std::string name, std::size_t worker, LogBounds bounds, Milliseconds merge,
                       const Clock& clock, Defer defer)
    : name_(std::move(name)),
      worker_(worker),
      log_(bounds),
      merge_(merge),
      clock_(clock),
      defer_(std::move(defer)) {}

StreamView::~StreamView() = default;

void StreamView::detach(LogReader& reader) { remove(log_readers_, reader); }
void StreamView::detach(FrameReader& reader) { remove(frame_readers_, reader); }

void StreamView::append(const LogEntry& entry, const SharedBlock& block, const SharedFrame& frame) {
    log_.append(entry, block);
    each(frame_readers_, [&](FrameReader& reader) { reader.on_frame(frame); });
    unflushed_ = true;
    if (flush_queued_ || !flush_due(entry)) return;
    flush_queued_ = true;
    defer_([this] { flush(); });
}

bool StreamView::flush_due(const LogEntry& newest) const {
    const auto waited = clock_.now() - last_flush_;
    const bool video = newest.kind == TrackKind::video;
    return video ? waited >= merge_ : waited >= std::max(merge_, kAudioAlone);
}

void StreamView::flush() {
    flush_queued_ = false;
    if (!std::exchange(unflushed_, false)) return;
    last_flush_ = clock_.now();
    each(log_readers_, [](LogReader& reader) { reader.on_flush(); });
    log_.trim();
}

void StreamView::set_live(bool live) {
    if (std::exchange(live_, live) == live) return;
    if (live) return;
    flush();
    each(log_readers_, [](LogReader& reader) { reader.on_stream_ended(); });
    each(frame_readers_, [](FrameReader& reader) { reader.on_stream_ended(); });
}

void StreamView::begin_anew() {
    flush();
    each(log_readers_, [](LogReader& reader) { reader.on_stream_ended(); });
    log_.clear();
}

}  // namespace tongke::relay
