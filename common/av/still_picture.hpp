// Reads a picture file (PNG or JPEG) through libavcodec and libswscale, as a
// Picture of the size that is asked for: scaled to fit, black beside it. The
// file may be broken or no picture at all: an error value. Blocks while it
// computes; any thread.
#pragma once
#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/media/picture.hpp"

namespace tongke::av {

/// `width` and `height` even and above zero. Errc::bad_picture for what is no PNG or JPEG, is broken, or is
/// wider or higher than 8192.
Result<Picture> read_picture(ByteView file, int width, int height);

}  // namespace tongke::av
