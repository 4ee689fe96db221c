#include "player/control/rights.hpp"

#include <algorithm>

#include "common/time/zone.hpp"

namespace tongke::player {
namespace {

Ruling allowed() {
    Ruling ruling;
    ruling.allowed = true;
    return ruling;
}

Ruling refused(int status, std::string code, std::string detail_zh) {
    Ruling ruling;
    ruling.status = status;
    ruling.code = std::move(code);
    ruling.detail_zh = std::move(detail_zh);
    return ruling;
}

bool belongs_to_room(const Who& who, const Bundle& bundle, const Room& room) {
    if (who.role == auth::Role::county_it) return true;
    if (who.role == auth::Role::teacher) return room.teacher == who.account;
    const auto* account = bundle.account(who.account);
    return who.role == auth::Role::technician && account &&
           std::find(account->rooms.begin(), account->rooms.end(), room.id) != account->rooms.end();
}

/// C10: the 班主任 of this very room and nobody else.
bool is_homeroom_teacher(const Who& who, const Room& room) {
    return auth::may_control_playback(who.role) && !room.teacher.empty() && room.teacher == who.account;
}

bool is_tester(const Who& who, const Bundle& bundle, const Room& room) {
    return auth::may_run_live_test(who.role) && belongs_to_room(who, bundle, room);
}

std::optional<Ruling> wrong_person(const RightsQuery& q, const Room& room) {
    switch (q.action) {
        case Action::read:
            if (belongs_to_room(*q.who, *q.bundle, room)) return std::nullopt;
            return refused(403, "not_your_room", "您的账号不属于这个分课堂");
        case Action::start:
        case Action::stop:
        case Action::lesson_media:
        case Action::lesson_beacon:
            if (is_homeroom_teacher(*q.who, room)) return std::nullopt;
            return refused(403, "not_homeroom_teacher", "只有本分课堂的班主任可以播放直播课程");
        case Action::test_start:
        case Action::test_media:
        case Action::test_beacon:
            if (is_tester(*q.who, *q.bundle, room)) return std::nullopt;
            return refused(403, "not_your_room", "只有本分课堂的班主任和技术人员可以做直播调试");
    }
    return refused(403, "not_your_room", "您的账号不属于这个分课堂");
}

std::optional<Ruling> wrong_place(const RightsQuery& q) {
    if (q.action == Action::read) return std::nullopt;
    if (q.phone) return refused(403, "desktop_only", "请在分课堂的电脑上操作，手机和平板只能查看");
    if (!q.at_venue)
        return refused(403, "not_at_venue", "请在分课堂会场的电脑上操作：当前电脑不在本教室的网络内");
    return std::nullopt;
}

Ruling held_elsewhere(const Lease& lease, bool offer) {
    auto ruling =
        refused(409, "already_controlled", "另一台电脑正在播放本教室的课程。要在这台电脑上播放，请确认接管");
    if (offer) ruling.take_over = lease.take_over;
    return ruling;
}

Ruling not_playing(const RightsQuery& q) {
    if (q.last_end && half_day(q.last_end->at) == half_day(q.now))
        return refused(403, "ended", "本教室的播放已结束。需要继续时请班主任再次点击「开始播放」");
    return refused(403, "not_started", "班主任还没有开始播放");
}

Ruling may_start(const RightsQuery& q) {
    if (q.lease) {
        if (q.lease->session == q.who->session) return allowed();
        if (q.take_over.empty() || q.take_over != q.lease->take_over) return held_elsewhere(*q.lease, true);
    }
    if (q.now >= q.bundle->valid_until)
        return refused(403, "rights_expired",
                       "本节点太久没有联系中心，播放授权已过期。请联系县级技术人员检查网络");
    const auto schedule = schedule_of(*q.bundle, q.room, q.now);
    if (schedule.lesson || q.lease) return allowed();
    if (!q.reason.empty()) {
        auto ruling = allowed();
        ruling.outside_schedule = true;
        return ruling;
    }
    const auto* next = schedule.next_lesson;
    auto ruling = refused(
        409, "outside_schedule",
        next ? "现在没有安排课程，下一节课 " + when_zh(next->begin, q.now) + " 开放播放。确需播放请填写原因"
             : "现在没有安排课程。确需播放请填写原因");
    if (next) ruling.next = next->begin;
    return ruling;
}

Ruling may_stop(const RightsQuery& q) {
    if (!q.lease) return refused(409, "not_started", "本教室现在没有播放");
    if (q.lease->session == q.who->session || (!q.take_over.empty() && q.take_over == q.lease->take_over))
        return allowed();
    return held_elsewhere(*q.lease, true);
}

Ruling may_watch(const RightsQuery& q) {
    if (!q.lease) return not_playing(q);
    return q.lease->session == q.who->session ? allowed() : held_elsewhere(*q.lease, false);
}

Ruling may_test(const RightsQuery& q) {
    const auto schedule = schedule_of(*q.bundle, q.room, q.now);
    const bool going_on = q.test_running && q.action != Action::test_start;  // a running test may finish
    if (schedule.debug || going_on) return allowed();
    auto ruling = refused(409, "outside_window",
                          schedule.next_debug
                              ? "直播调试未开始，" + when_zh(schedule.next_debug->begin, q.now) + " 开放"
                              : "直播调试未开始，日程里还没有安排调试时间");
    if (schedule.next_debug) ruling.next = schedule.next_debug->begin;
    return ruling;
}

/// What another page of the room sees is not what the test's own page sees.
Ruling may_report_test(const RightsQuery& q) {
    if (!q.test_running)
        return refused(409, "no_test_running", "本教室没有正在进行的直播调试，测量数据不再需要");
    if (q.test_session != q.who->session)
        return refused(403, "not_your_test", "直播调试由另一台电脑发起，只接收那台电脑的测量数据");
    return allowed();
}

}  // namespace

Ruling may_ask(const RightsQuery& q) {
    if (!q.who) return refused(401, "not_logged_in", "请先登录");
    const auto* room = q.bundle ? q.bundle->room(q.room) : nullptr;
    if (!room) {
        if (q.who->role == auth::Role::county_it && q.bundle)
            return refused(404, "no_such_room", "没有这个分课堂");
        return refused(403, "not_your_room", "没有这个分课堂，或您的账号不属于它");
    }
    if (auto ruling = wrong_person(q, *room)) return *ruling;
    if (auto ruling = wrong_place(q)) return *ruling;
    return allowed();
}

Ruling may(const RightsQuery& q) {
    if (auto ruling = may_ask(q); !ruling.allowed) return ruling;
    switch (q.action) {
        case Action::read: return allowed();
        case Action::start: return may_start(q);
        case Action::stop: return may_stop(q);
        case Action::lesson_media:
        case Action::lesson_beacon: return may_watch(q);
        case Action::test_start:
        case Action::test_media: return may_test(q);
        case Action::test_beacon: return may_report_test(q);
    }
    return refused(403, "not_your_room", "您的账号不属于这个分课堂");
}

}  // namespace tongke::player
