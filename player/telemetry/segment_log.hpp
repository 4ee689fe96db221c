// An append-only log of text records in a folder: files of lines, each with
// its CRC-32, synced to the disk before append() returns. kill -9 in the middle
// of a write loses at most that write: a torn tail is dropped and counted on
// open. Synchronous; belongs to the disk thread. Errors are values; nothing
// already stored is ever lost by one.
#pragma once
#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace tongke::telemetry {

enum class SpoolError { full = 1, bad_record, closed };
const boost::system::error_category& spool_category();
inline Error make_error_code(SpoolError e) { return {static_cast<int>(e), spool_category()}; }

class SegmentLog {
  public:
    struct Options {
        std::uint64_t file_bytes = 1 << 20;  // a new file is begun beyond this
    };
    struct Loaded {
        struct Record {
            std::uint64_t file;
            std::string text;
        };
        std::vector<Record> records;  // oldest first
        std::uint64_t torn = 0;       // tails dropped
        std::uint64_t corrupt = 0;    // lines in the middle whose CRC is wrong
    };

    SegmentLog(std::filesystem::path folder, Options options);
    ~SegmentLog();
    SegmentLog(const SegmentLog&) = delete;

    /// Makes the folder if need be, reads everything, cuts a torn tail off. Call once, first.
    Result<Loaded> open();
    /// All of them or none; one sync. A record has no newline. Returns the number of the file they are in.
    Result<std::uint64_t> append(const std::vector<std::string>& records);
    /// Removes whole files below this number (never the one being written).
    void drop_below(std::uint64_t file);
    std::uint64_t bytes() const { return bytes_; }

  private:
    struct File {
        std::uint64_t number;
        std::uint64_t bytes;
    };
    std::filesystem::path path_of(std::uint64_t number) const;
    Result<void> read_file(File& file, bool newest, Loaded& out);
    Result<void> begin_file();
    void sync_folder() const;

    std::filesystem::path folder_;
    Options options_;
    std::deque<File> files_;
    int fd_ = -1;
    std::uint64_t bytes_ = 0;
};

}  // namespace tongke::telemetry

namespace boost::system {
template <>
struct is_error_code_enum<tongke::telemetry::SpoolError> : std::true_type {};
}  // namespace boost::system
