#include "relay/stream/stream_view.hpp"

#include <algorithm>
#include <utility>

namespace tongke::relay {
namespace {

// A reader's memory is asked for while those before it are called: thousands of them are in no cache.
constexpr std::size_t kAhead = 3;

/// Calls every reader, also when readers leave or join during the calls.
template <class Reader, class Call>
void each(std::vector<Reader*>& readers, Call call) {
    const auto count = readers.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (i + kAhead < count) __builtin_prefetch(readers[i + kAhead]);
        if (readers[i]) call(*readers[i]);
    }
    std::erase(readers, nullptr);
}

template <class Reader>
void remove(std::vector<Reader*>& readers, Reader& reader) {
    // The place stays, empty, as this may be during each().
    std::replace(readers.begin(), readers.end(), &reader, static_cast<Reader*>(nullptr));
}

}  // namespace

StreamView::StreamView(std::string name, std::size_t worker, LogBounds bounds, Defer defer,
                       net::SendBurst& burst)
    : name_(std::move(name)), worker_(worker), log_(bounds), defer_(std::move(defer)), burst_(burst) {}

StreamView::~StreamView() = default;

void StreamView::detach(LogReader& reader) { remove(log_readers_, reader); }
void StreamView::detach(FrameReader& reader) { remove(frame_readers_, reader); }

void StreamView::append(const std::vector<WrittenFrame>& batch) {
    for (const auto& written : batch) {
        log_.append(written.entry, written.block);
        each(frame_readers_, [&](FrameReader& reader) { reader.on_frame(written.frame); });
    }
    unflushed_ = true;
    if (std::exchange(flush_queued_, true)) return;
    defer_([this] { flush(); });
}

void StreamView::flush() {
    flush_queued_ = false;
    if (!std::exchange(unflushed_, false)) return;
    each(log_readers_, [&](LogReader& reader) { reader.on_flush(burst_); });
    burst_.submit();
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
