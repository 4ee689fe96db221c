// A session that publishes: its messages become frames and are posted to the
// stream's home worker. Owned by its Session; leaves the stream when destroyed.
#pragma once
#include "relay/ingest/ingest.hpp"
#include "relay/session/session.hpp"

namespace tongke::relay {

class PublisherRole {
  public:
    PublisherRole(Stream& stream, PublicationId id, async::Executor executor)
        : stream_(stream), id_(id), rest_(executor) {}
    ~PublisherRole() {
        deliver();
        stream_.post([id = id_](Stream& stream) { stream.end(id); });
    }
    PublisherRole(const PublisherRole&) = delete;
    PublisherRole& operator=(const PublisherRole&) = delete;

    /// False when the publisher sends nothing but faults.
    bool on_media(rtmp::MediaReceived media, SteadyTime arrival, SessionMetrics& metrics);
    /// What was taken since goes to the stream: once for all that one read brought.
    void deliver();
    /// Where frames are gathered (merge_ms) nobody is woken for each: the next read is due when this timer
    /// is. Null: as soon as something has come.
    async::Timer* rest();
    std::uint64_t frames() const { return frames_; }

  private:
    Stream& stream_;
    PublicationId id_;
    Ingest ingest_;
    async::Timer rest_;
    std::vector<IngestFrame> taken_;
    std::uint64_t frames_ = 0;
    int faults_ = 0;  // since the last good frame
};

}  // namespace tongke::relay
