#include "common/http/event_channel.hpp"

#include <utility>

namespace tongke::http {

std::shared_ptr<EventStream> make_event_stream(std::function<void()> on_close) {
    return std::make_shared<EventChannel>(std::move(on_close));
}

void EventChannel::event(std::string_view name, std::string_view data) {
    std::string text = "event: ";
    (text += name) += '\n';
    while (true) {  // each line of the data is a field of its own
        const auto end = data.find('\n');
        ((text += "data: ") += data.substr(0, end)) += '\n';
        if (end == data.npos) break;
        data.remove_prefix(end + 1);
    }
    text += '\n';

    std::function<void()> wake;
    {
        const std::lock_guard lock{mutex_};
        if (!open_) return;
        if (waiting_.size() + in_flight_ + text.size() > bound_) {
            fell_behind_ = true;
        } else {
            waiting_ += text;
            wake = wake_;
        }
    }
    if (wake) return wake();
    if (fell_behind()) end();
}

bool EventChannel::open() const {
    const std::lock_guard lock{mutex_};
    return open_;
}

void EventChannel::attach(std::size_t unsent_bound, std::function<void()> wake) {
    const std::lock_guard lock{mutex_};
    bound_ = unsent_bound;
    wake_ = std::move(wake);
}

std::string EventChannel::take() {
    const std::lock_guard lock{mutex_};
    in_flight_ = waiting_.size();
    return std::exchange(waiting_, {});
}

bool EventChannel::fell_behind() const {
    const std::lock_guard lock{mutex_};
    return fell_behind_;
}

void EventChannel::end() {
    std::function<void()> wake, on_close;
    {
        const std::lock_guard lock{mutex_};
        if (!open_) return;
        open_ = false;
        wake = std::exchange(wake_, {});
        on_close = std::exchange(on_close_, {});
    }
    if (wake) wake();
    if (on_close) on_close();
}

}  // namespace tongke::http
