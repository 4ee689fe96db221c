#include "relay/stream/stream_state.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <utility>

namespace tongke::relay {
namespace {

namespace json = boost::json;

Error last_error() { return {errno, boost::system::system_category()}; }

// Every file is as long, so that a full disk has room for the next.
constexpr std::size_t kFileBytes = 256;

/// In place: what the file occupies already is not asked of the disk again.
Result<void> write_synced(const std::filesystem::path& path, std::string text) {
    text.resize(std::max(text.size(), kFileBytes - 1), ' ');
    text += '\n';
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return last_error();
    const auto size = static_cast<ssize_t>(text.size());
    const bool written =
        ::write(fd, text.data(), text.size()) == size && ::ftruncate(fd, size) == 0 && ::fsync(fd) == 0;
    const auto error = last_error();
    ::close(fd);
    if (!written) return error;
    return {};
}

/// `fresh` takes the place of `path`, which becomes the `fresh` of the next time where the filesystem can.
Result<void> take_place(const std::filesystem::path& fresh, const std::filesystem::path& path) {
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return {};
    if (::rename(fresh.c_str(), path.c_str()) != 0) return last_error();
    return {};
}

void sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

std::optional<std::int64_t> integer(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

}  // namespace

Result<ReservedNumbers> StateFile::load() {
    const std::lock_guard lock(mutex_);
    std::ifstream in(path_);
    if (!in) {
        std::error_code ignored;
        if (!std::filesystem::exists(path_, ignored)) return ReservedNumbers{};
        return last_error();
    }
    std::stringstream text;
    text << in.rdbuf();
    Error error;
    const auto value = json::parse(text.str(), error);
    if (error) return error;
    if (!value.is_object()) return Error(json::error::not_object);
    const auto frames = integer(value.get_object(), "frames");
    const auto msn = integer(value.get_object(), "msn");
    if (!frames || !msn) return Error(json::error::not_number);
    ReservedNumbers numbers{*frames, *msn, {}};
    if (const auto target = integer(value.get_object(), "target_duration"))
        numbers.target_duration = static_cast<int>(*target);
    on_disk_ = numbers;
    return numbers;
}

Result<void> StateFile::raise(const ReservedNumbers& numbers) {
    const std::lock_guard lock(mutex_);
    auto raised = numbers;
    raised.frames = std::max(raised.frames, on_disk_.frames);
    raised.msn = std::max(raised.msn, on_disk_.msn);
    if (!raised.target_duration) raised.target_duration = on_disk_.target_duration;
    json::object object{{"frames", raised.frames}, {"msn", raised.msn}};
    if (raised.target_duration) object["target_duration"] = *raised.target_duration;
    auto fresh = path_;
    fresh += ".new";
    const auto text = json::serialize(object);
    if (auto written = write_synced(fresh, text); !written) return written;
    if (auto replaced = take_place(fresh, path_); !replaced) return replaced;
    on_disk_ = raised;
    std::error_code ignored;
    if (!std::filesystem::exists(fresh, ignored)) (void)write_synced(fresh, text);  // room for the next time
    sync_folder(path_.parent_path());
    return {};
}

StreamState::StreamState(ReservedNumbers loaded, Disk disk)
    : reserved_(loaded), next_msn_(loaded.msn), had_earlier_run_(loaded.msn > 0), disk_(std::move(disk)) {}

std::int64_t StreamState::first_frame(std::int64_t unix_ms) {
    next_frame_ = std::max(unix_ms * 256, reserved_.frames);
    reserved_.frames = next_frame_ + kFrameBlock;
    disk_.now(reserved_);
    return next_frame_;
}

std::int64_t StreamState::take_frame() {
    if (next_frame_ >= reserved_.frames) {
        reserved_.frames = next_frame_ + kFrameBlock;
        disk_.now(reserved_);
    }
    if (reserved_.frames - next_frame_ <= kFrameBlock / 2) refill();
    return next_frame_++;
}

std::int64_t StreamState::take_msn() {
    if (next_msn_ >= reserved_.msn) {
        reserved_.msn = next_msn_ + kMsnBlock;
        disk_.now(reserved_);
    }
    if (reserved_.msn - next_msn_ <= kMsnBlock / 2) refill();
    return next_msn_++;
}

void StreamState::follow(std::int64_t frame, std::optional<std::int64_t> msn) {
    next_frame_ = std::max(next_frame_, frame + 1);
    if (msn) next_msn_ = std::max(next_msn_, *msn + 1);
    if (reserved_.frames - next_frame_ <= kFrameBlock / 2 || reserved_.msn - next_msn_ <= kMsnBlock / 2)
        refill();
}

void StreamState::set_target_duration(int seconds) {
    if (reserved_.target_duration == seconds) return;
    reserved_.target_duration = seconds;
    disk_.now(reserved_);
}

void StreamState::refill() {
    if (std::exchange(refilling_, true)) return;
    auto wanted = reserved_;
    wanted.frames = next_frame_ + kFrameBlock;
    wanted.msn = next_msn_ + kMsnBlock;
    disk_.soon(wanted, [this, wanted] {
        refilling_ = false;
        reserved_.frames = std::max(reserved_.frames, wanted.frames);
        reserved_.msn = std::max(reserved_.msn, wanted.msn);
    });
}

}  // namespace tongke::relay
