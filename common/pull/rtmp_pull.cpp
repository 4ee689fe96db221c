#include "common/pull/rtmp_pull.hpp"

#include <algorithm>
#include <utility>

#include "common/media/flv.hpp"

namespace tongke::pull {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxLinks = 4;
constexpr Milliseconds kPingAfter{400};
constexpr Milliseconds kReportEvery{100};
// Bytes without a whole message for so long are no sign of life: a keyframe of a lesson takes a second of its
// line.
constexpr auto kMessageTakes = 10s;
// Between the questions to other addresses while one has no such stream yet.
constexpr Milliseconds kAskElsewhereLeast{3000}, kAskElsewhereMost{6000};
// A link that was not heard for so long is no answer of its address.
constexpr Milliseconds kGoneAfter{2500};
// A wait before the first retry that is worth telling of.
constexpr Milliseconds kNoticed{500};

}  // namespace

RtmpPull::RtmpPull(RtmpPullConfig config, PullSink& sink, FrameSink& frames)
    : config_(std::move(config)),
      sink_(sink),
      frames_(frames),
      jitter_(config_.seed),
      last_frame_(config_.continue_after) {}

RtmpPull::~RtmpPull() = default;

void RtmpPull::start(SteadyTime now) { open_link(now); }

std::vector<LinkAction> RtmpPull::take_actions() { return std::exchange(actions_, {}); }

RtmpPull::Link* RtmpPull::find(LinkId id) {
    const auto it =
        std::find_if(links_.begin(), links_.end(), [id](const auto& link) { return link->id == id; });
    return it == links_.end() ? nullptr : it->get();
}

Bytes RtmpPull::take_output(LinkId id) {
    auto* link = find(id);
    return link ? link->session->take_output() : Bytes{};
}

void RtmpPull::open_link(SteadyTime now) {
    open_link(now, url_ + static_cast<std::size_t>(std::max(races_, failures_)));
}

void RtmpPull::open_link(SteadyTime now, std::size_t url_number) {
    if (links_.size() >= kMaxLinks) make_room();
    next_elsewhere_ = now + (links_.empty() ? kSilence
                             : lost_since_  ? jitter_.between(kSilence, 2 * kSilence)
                                            : jitter_.between(kAskElsewhereLeast, kAskElsewhereMost));
    auto link = std::make_unique<Link>();
    link->id = next_id_++;
    link->url = url_number % config_.urls.size();
    link->opened = link->last_byte = link->last_message = now;
    auto text = config_.urls[link->url];
    const auto authority = text.find("://") + 3;
    if (text.find('/', authority) == text.npos) text += "/live";
    text += "/" + config_.stream;
    if (const auto token = config_.token ? config_.token(config_.urls[link->url]) : std::string();
        !token.empty())
        text += "?token=" + token;
    const auto url = rtmp::parse_url(text);
    if (!url) {
        next_open_ = now + 5s;
        return lose(now, LostReason::connect_failed, url.error().message());
    }
    const rtmp::ClientOptions options{*url, rtmp::ClientOptions::Mode::play, last_frame_};
    link->session = std::make_unique<rtmp::ClientSession>(options, config_.seed + link->id);
    actions_.push_back(OpenLink{link->id, *url});
    links_.push_back(std::move(link));
}

/// Who has been silent longest goes, but for the oldest that has had no byte yet: it may stand in the relay's
/// queue, where every new one stands behind it.
void RtmpPull::make_room() {
    const Link* queues = nullptr;
    const Link* victim = nullptr;
    for (const auto& link : links_) {
        if (!queues && link->last_byte == link->opened)
            queues = link.get();
        else if (!victim || link->last_byte < victim->last_byte)
            victim = link.get();
    }
    close_link(victim->id);
}

void RtmpPull::close_link(LinkId id) {
    actions_.push_back(CloseLink{id});
    drop(id);
}

void RtmpPull::drop(LinkId id) {
    std::erase_if(links_, [id](const auto& link) { return link->id == id; });
    if (current_ == id) current_ = 0;
    if (leaving_ == id) stay();
}

template <class Which>
void RtmpPull::close_where(Which which) {
    std::vector<LinkId> ids;
    for (const auto& link : links_) {
        if (which(*link)) ids.push_back(link->id);
    }
    for (const auto id : ids) close_link(id);
}

void RtmpPull::close_others(LinkId id) {
    close_where([id](const Link& link) { return link.id != id; });
}

/// One that has asked is enough for its address; what plays, or did, is no rival.
void RtmpPull::close_rivals(const Link& link) {
    close_where([&link](const Link& other) {
        return other.id != link.id && other.url == link.url && !other.playing;
    });
}

void RtmpPull::stay() {
    leaving_ = 0;
    move_at_.reset();
}

SteadyTime RtmpPull::quiet_since() const {
    SteadyTime since{};
    for (const auto& link : links_) since = std::max({since, link->opened, link->last_byte});
    return since;
}

/// An address to ask as well, where one link answers and has no stream to give: one of which no link has been
/// heard lately.
std::optional<RtmpPull::Question> RtmpPull::elsewhere() const {
    const auto waits = [](const auto& link) { return link->session->has_asked() && !link->playing; };
    if (leaving_ != 0 || std::none_of(links_.begin(), links_.end(), waits)) return std::nullopt;
    std::optional<Question> next;
    for (std::size_t i = 1; i <= config_.urls.size(); ++i) {
        Question question{(links_.back()->url + i) % config_.urls.size(), next_elsewhere_};
        for (const auto& link : links_) {
            if (link->url == question.url) question.at = std::max(question.at, link->last_byte + kGoneAfter);
            // While it speaks nobody else is needed.
            if (link->id == current_) question.at = std::max(question.at, link->last_byte + kSilence);
        }
        if (!next || question.at < next->at) next = question;
    }
    return next;
}

SteadyTime RtmpPull::wake() const {
    if (links_.empty()) return next_open_;
    auto at = std::min(quiet_since() + patience_, move_at_.value_or(SteadyTime::max()));
    if (const auto question = elsewhere()) at = std::min(at, question->at);
    for (const auto& link : links_) at = std::min(at, ping_at(*link).value_or(SteadyTime::max()));
    return at;
}

/// When to ask whether it is still there.
std::optional<SteadyTime> RtmpPull::ping_at(const Link& link) {
    if (!link.session->has_asked() || link.pinged) return std::nullopt;
    return link.last_byte + kPingAfter;
}

void RtmpPull::on_tick(SteadyTime now) {
    if (links_.empty()) {
        if (now >= next_open_) open_link(now);
        return;
    }
    for (const auto& link : links_) {
        if (now < ping_at(*link).value_or(SteadyTime::max())) continue;
        link->pinged = now;
        link->session->send_ping(static_cast<std::uint32_t>(now.time_since_epoch() / 1ms));
    }
    if (move_at_ && now >= *move_at_) return go_elsewhere(now);
    if (now < quiet_since() + patience_) {
        const auto question = elsewhere();
        if (!question || now < question->at) return;
        sink_.raced();
        return open_link(now, question->url);
    }
    lose(last_byte_.value_or(links_.front()->opened), LostReason::silent, "no byte came for a second");
    ++races_;
    patience_ = race_interval(races_, jitter_);
    sink_.raced();
    open_link(now);
}

/// Beside the link that is about to go; once this one plays, that one is closed.
void RtmpPull::go_elsewhere(SteadyTime now) {
    const auto from = find(leaving_)->url;
    // The try before has not answered.
    while (links_.back()->id != leaving_) close_link(links_.back()->id);
    // Should this one fail: once more, at the address after it.
    move_at_ = now + jitter_.between(500ms, 1000ms);
    open_link(now, from + 1 + moves_++ % (config_.urls.size() - 1));
}

void RtmpPull::lose(SteadyTime since, LostReason reason, const std::string& detail) {
    if (lost_since_) return;
    lost_since_ = since;
    sink_.line_lost(since, reason, detail);
}

void RtmpPull::note_life(SteadyTime now) {
    last_byte_ = now;
    races_ = 0;
    patience_ = kSilence;
    // Only the stream's own bytes say that it is back; a handshake does not.
    if (!lost_since_ || current_ == 0) return;
    lost_since_.reset();
    sink_.line_back(now);
}

/// It answers, and has no such stream yet.
void RtmpPull::note_waiting(const Link& link, SteadyTime now) {
    if (!last_frame_) last_byte_ = now;
    if (!link.session->has_asked()) return;
    close_rivals(link);
    if (!link.waits) return;
    failures_ = 0;
    // What played elsewhere is lost, however well this one answers.
    if (last_frame_ && link.url != url_ && current_ == 0 && !lost_since_) {
        lose(last_byte_.value_or(now), LostReason::closed, "this address has no such stream");
        next_elsewhere_ = std::min(next_elsewhere_, now + kSilence);
    }
    sink_.no_stream_yet();
}

void RtmpPull::retry(SteadyTime now, Milliseconds delay) {
    if (!links_.empty()) return;
    next_open_ = now + delay;
    if (delay <= 0ms) open_link(now);
}

void RtmpPull::on_bytes(LinkId id, ByteView bytes, SteadyTime now) {
    auto* link = find(id);
    if (!link) return;
    const auto before = link->session->messages_received();
    auto events = link->session->feed(bytes);
    if (link->session->messages_received() > before) link->last_message = now;
    if (now - link->last_message <= kMessageTakes) {
        link->last_byte = now;
        link->waits = link->waits || (link->pinged && link->session->has_asked());
        link->pinged.reset();
        if (link->id == current_ && link->id != leaving_) close_others(id);
        // A handshake says that a relay is there, not that the stream comes.
        if (link->playing)
            note_life(now);
        else
            note_waiting(*link, now);
    }
    for (auto& event : events) {
        std::visit([&](auto& e) { on(*link, e, now); }, event);
        if (!find(id)) return;
    }
    if (id == current_) report_answer(now);
}

void RtmpPull::report_answer(SteadyTime now) {
    if (!pdt_known_ || !last_dts_ || (reported_ && now - *reported_ < kReportEvery)) return;
    reported_ = now;
    sink_.relay_answered(now, *last_dts_ + pdt_minus_dts_);
}

void RtmpPull::on_closed(LinkId id, const std::string& detail, SteadyTime now) {
    if (!find(id)) return;
    const bool said_so = id == leaving_;
    drop(id);
    if (!links_.empty()) return;
    ++failures_;
    // A blip is over at once. A relay that said that it stops, or that is not there, has left all its nodes:
    // they come back one by one.
    auto delay = failure_delay(failures_, jitter_);
    if (said_so || failures_ > 1) delay = std::max(delay, jitter_.between(0ms, window_));
    if (failures_ >= 2 || delay >= kNoticed)
        lose(last_byte_.value_or(now), last_byte_ ? LostReason::closed : LostReason::connect_failed, detail);
    retry(now, delay);
}

}  // namespace tongke::pull
