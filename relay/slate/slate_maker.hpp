// Makes the slate: a picture that says that the main classroom's signal is
// gone, encoded once for a source's size, with silence in the source's own
// parameters where AAC-LC can say it (TRAPS.md 1.1; CONTRACT.md §3 `slate`).
// The picture is the built-in one or the operator's file. Immutable: any thread.
#pragma once
#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "relay/stream/filler.hpp"
#include "relay/stream/wire_log.hpp"

namespace tongke::relay {

class SlateMaker {
  public:
    /// `file`: a PNG or JPEG; "" for the built-in picture. The error says what is wrong with the file.
    static Result<SlateMaker> open(const std::string& file);

    /// For who wants no slate: the silence that closes short absences is made all the same.
    static SlateMaker silence_only();

    /// Blocks for as long as ten pictures take to encode. Null, and a line in the log, when it cannot be
    /// made.
    SharedStill make(const StreamSetup& source) const;

  private:
    explicit SlateMaker(std::shared_ptr<const Bytes> file) : file_(std::move(file)) {}
    std::shared_ptr<const Bytes> file_;
};

}  // namespace tongke::relay
