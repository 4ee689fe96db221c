// A file of a web page that the program carries inside itself. Each site's
// table is made at build time (scripts/build-pages.mjs); the bytes live as long
// as the process and may be read from any thread.
#pragma once
#include <span>
#include <string_view>

#include "common/base/bytes.hpp"

namespace tongke::ui {

struct Asset {
    std::string_view path;           // "/index.html", "/assets/app-1A2B3C4D.js"
    std::string_view content_type;   // with charset where it has one
    std::string_view etag;           // quoted, a digest of the bytes
    std::string_view cache_control;  // index.html is asked for anew, the hashed names are kept
    ByteView bytes;
};

inline constexpr std::string_view kAskEachTime = "no-cache";
inline constexpr std::string_view kKeepForEver = "public, max-age=31536000, immutable";

// What every page answer must carry as Content-Security-Policy. Nothing comes
// from elsewhere and nothing is inline; MediaSource hands the picture to the
// <video> as a blob: address, and hls.js runs without a worker.
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

// The file at exactly this path (no query), or null.
const Asset* find_in(std::span<const Asset> assets, std::string_view path);

}  // namespace tongke::ui
