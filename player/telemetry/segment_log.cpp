#include "player/telemetry/segment_log.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "common/base/error_category.hpp"

namespace tongke::telemetry {

namespace {

namespace fs = std::filesystem;

const char* words(SpoolError error) {
    switch (error) {
        case SpoolError::full: return "the spool is at its bound and nothing in it is acknowledged yet";
        case SpoolError::bad_record: return "a spool record must be one line without a newline";
        case SpoolError::closed: return "the spool is stopping";
    }
    return nullptr;
}

Error last_error() { return {errno, boost::system::system_category()}; }

std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        auto c = i;
        for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}

std::uint32_t crc32(std::string_view text) {  // IEEE 802.3
    static const auto table = crc_table();
    auto c = 0xFFFFFFFFU;
    for (const auto byte : text) c = table[(c ^ static_cast<std::uint8_t>(byte)) & 0xFF] ^ (c >> 8);
    return ~c;
}

constexpr std::size_t kPrefix = 9;  // eight hex digits and a space

std::string line_of(std::string_view record) { return fmt::format("{:08x} {}\n", crc32(record), record); }

/// The record of a line without its newline; empty when the CRC does not match.
std::optional<std::string_view> record_of(std::string_view line) {
    if (line.size() < kPrefix || line[8] != ' ') return {};
    std::uint32_t crc = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + 8, crc, 16);
    if (error != std::errc{} || end != line.data() + 8) return {};
    const auto record = line.substr(kPrefix);
    if (crc32(record) != crc) return {};
    return record;
}

Result<void> write_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const auto n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return last_error();
        data.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

}  // namespace

const boost::system::error_category& spool_category() {
    static const ErrorCategory<SpoolError> category{"spool", words};
    return category;
}

SegmentLog::SegmentLog(fs::path folder, Options options) : folder_(std::move(folder)), options_(options) {}

SegmentLog::~SegmentLog() {
    if (fd_ >= 0) ::close(fd_);
}

fs::path SegmentLog::path_of(std::uint64_t number) const {
    return folder_ / fmt::format("{:010}.log", number);
}

Result<SegmentLog::Loaded> SegmentLog::open() {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) return Error{error.value(), boost::system::system_category()};
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const auto name = entry.path().filename().string();
        std::uint64_t number = 0;
        const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (bad == std::errc{} && std::string_view(end) == ".log") files_.push_back({number, 0});
    }
    if (error) return Error{error.value(), boost::system::system_category()};
    std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) { return a.number < b.number; });
    Loaded loaded;
    for (auto& file : files_) {
        if (auto read = read_file(file, &file == &files_.back(), loaded); !read) return read.error();
        bytes_ += file.bytes;
    }
    return loaded;
}

Result<void> SegmentLog::read_file(File& file, bool newest, Loaded& out) {
    std::ifstream in(path_of(file.number), std::ios::binary);
    if (!in) return last_error();
    std::ostringstream buffer;
    buffer << in.rdbuf();
    const auto text = buffer.str();
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto newline = rest.find('\n');
        if (newline == std::string_view::npos) break;
        if (const auto record = record_of(rest.substr(0, newline)))
            out.records.push_back({file.number, std::string(*record)});
        else
            ++out.corrupt;
        rest.remove_prefix(newline + 1);
    }
    file.bytes = text.size() - rest.size();
    if (rest.empty()) return {};
    ++out.torn;
    // Cut off, so that the next line does not grow onto it. Only the newest file is written again.
    if (newest && ::truncate(path_of(file.number).c_str(), static_cast<off_t>(file.bytes)) != 0)
        return last_error();
    return {};
}

void SegmentLog::sync_folder() const {
    const auto fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

Result<void> SegmentLog::begin_file() {
    const auto fresh = files_.empty() || files_.back().bytes >= options_.file_bytes;
    if (fd_ >= 0 && !fresh) return {};
    const auto number = fresh ? (files_.empty() ? 1 : files_.back().number + 1) : files_.back().number;
    const auto fd = ::open(path_of(number).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) return last_error();
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    if (!fresh) return {};
    files_.push_back({number, 0});
    sync_folder();
    return {};
}

Result<std::uint64_t> SegmentLog::append(const std::vector<std::string>& records) {
    std::string block;
    for (const auto& r : records) {
        if (r.find('\n') != std::string::npos) return Error{SpoolError::bad_record};
        block += line_of(r);
    }
    if (auto ready = begin_file(); !ready) return ready.error();
    auto& file = files_.back();
    auto written = write_all(fd_, block);
    if (written && ::fdatasync(fd_) != 0) written = last_error();
    if (!written) {
        // Back to the last whole line: a half-written one must not reach the next append.
        if (::ftruncate(fd_, static_cast<off_t>(file.bytes)) != 0) {
            ::close(fd_);
            fd_ = -1;
            file.bytes = options_.file_bytes;  // and go on in a new file
        }
        return written.error();
    }
    file.bytes += block.size();
    bytes_ += block.size();
    return file.number;
}

void SegmentLog::drop_below(std::uint64_t number) {
    while (files_.size() > 1 && files_.front().number < number) {
        std::error_code ignored;
        fs::remove(path_of(files_.front().number), ignored);
        bytes_ -= std::min(bytes_, files_.front().bytes);
        files_.pop_front();
    }
}

}  // namespace tongke::telemetry
