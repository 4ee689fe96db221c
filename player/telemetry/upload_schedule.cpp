#include <algorithm>
#include <cmath>

#include "player/telemetry/uploader.hpp"

namespace tongke::telemetry {

namespace {
constexpr double kBackoffCapS = 60;
constexpr double kWindowMinS = 0.5, kWindowMaxS = 300;
constexpr auto kNewsSpacing = std::chrono::seconds{1};

SteadyTime::duration seconds(double s) {
    return std::chrono::duration_cast<SteadyTime::duration>(Seconds{s});
}
}  // namespace

UploadSchedule::UploadSchedule(std::function<double()> random, Milliseconds window)
    : random_(std::move(random)), window_(window) {}

// Nodes that come up together must not call together (TRAPS.md 1.10).
void UploadSchedule::begin(SteadyTime now) { due_ = now + seconds(random_() * Seconds{window_}.count() / 2); }

void UploadSchedule::started(SteadyTime now) {
    in_flight_ = true;
    last_start_ = now;
    news_ = false;
}

void UploadSchedule::succeeded(SteadyTime now, std::optional<double> window_s, bool more_waiting) {
    in_flight_ = false;
    failures_ = 0;
    if (window_s && std::isfinite(*window_s))
        window_ = Milliseconds{std::llround(std::clamp(*window_s, kWindowMinS, kWindowMaxS) * 1000)};
    due_ = last_start_ + window_;
    if (news_) due_ = std::min(due_, last_start_ + kNewsSpacing);
    if (more_waiting) due_ = now;
    due_ = std::max(due_, now);
}

void UploadSchedule::failed(SteadyTime now, std::optional<double> retry_after_s) {
    in_flight_ = false;
    ++failures_;
    const auto base = Seconds{window_}.count();
    const auto reach = std::min(kBackoffCapS, base * std::pow(2.0, std::min(failures_ - 2, 10)));
    auto delay = failures_ == 1 ? 0.0 : random_() * reach;
    if (retry_after_s && std::isfinite(*retry_after_s))
        delay = std::clamp(*retry_after_s, 0.0, 3600.0) + random_() * base;
    due_ = now + seconds(delay);
}

void UploadSchedule::news(SteadyTime now) {
    news_ = true;
    if (!in_flight_ && failures_ == 0) due_ = std::min(due_, std::max(now, last_start_ + kNewsSpacing));
}

std::optional<SteadyTime> UploadSchedule::due() const {
    if (in_flight_) return {};
    return due_;
}

}  // namespace tongke::telemetry
