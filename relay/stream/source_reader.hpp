// Reads what a stream's sources send, and nothing of what stood in for them:
// the one reader that wants to know the difference (ingest health; DESIGN.md 3).
// Called on the stream's home worker; must not block.
#pragma once
#include "common/media/frame.hpp"

namespace tongke::relay {

class SourceReader {
  public:
    virtual ~SourceReader() = default;
    virtual void on_source_frame(const SharedFrame& frame) = 0;
    /// The source is away, or another follows.
    virtual void on_source_lost() = 0;
};

}  // namespace tongke::relay
