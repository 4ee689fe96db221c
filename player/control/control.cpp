#include "player/control/control.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/auth/audit.hpp"
#include "common/auth/lockout.hpp"
#include "common/auth/password.hpp"
#include "common/auth/random.hpp"
#include "common/auth/refusal_log.hpp"
#include "common/log/log.hpp"
#include "player/link/files.hpp"
#include "player/rooms/presence.hpp"

namespace tongke::player {
namespace {

constexpr std::string_view kCookie = "tongke_player";
constexpr int kMostLogIns = 32;              // waiting for the login thread; more is a flood
constexpr std::size_t kMostLogInsAlike = 4;  // of one account and address: fewer guesses than lock it
constexpr auto kSeenLately = std::chrono::minutes{30};
constexpr auto kPrefixesEvery = std::chrono::minutes{1};

}  // namespace

struct Control::Impl : std::enable_shared_from_this<Impl> {
    Impl(ControlOptions o, const Clock& c)
        : options(std::move(o)),
          clock(c),
          trail(std::make_shared<auth::AuditFile>((options.folder / "audit.log").string())),
          own(options.own_prefixes()) {
        load();
    }

    ControlOptions options;
    const Clock& clock;
    std::shared_ptr<auth::AuditFile> trail;
    SharedBundle bundle;
    Sessions sessions;
    LeaseBook book;
    /// What plays in a room, over every take-over of its lease.
    struct Lesson {
        std::int64_t opened = 0;  // fencing number of its first lease
        bool told = false;        // on disk, and on_started was called
    };
    std::map<std::string, Lesson, std::less<>> lessons;  // by room
    auth::Lockout lockout;
    std::vector<net::IpPrefix> own;
    SteadyTime own_since = clock.now();
    std::map<std::string, SteadyTime, std::less<>> seen;  // by account
    int logging_in = 0;
    std::multiset<std::pair<std::string, std::string>> checking;  // account, address
    auth::RefusalLog refusals{[this](auth::AuditEntry entry) { note(std::move(entry)); }};

    void load() {
        if (const auto text = read_whole((options.folder / "sessions.json").string())) {
            auto read = Sessions::from_json(*text);
            if (read) sessions = std::move(*read);
            if (!read) log::warn("control", "sessions.json is damaged, everybody must log in again");
        }
        if (const auto text = read_whole((options.folder / "leases.json").string())) {
            auto read = LeaseBook::from_json(*text);
            if (read) book = std::move(*read);
            if (!read) log::warn("control", "leases.json is damaged, lessons must be started again");
        }
        for (const auto& [room, lease] : book.all()) lessons[room] = {lease.fencing, true};
    }

    bool holds_lease(const Session& session) const {
        for (const auto& [room, lease] : book.all())
            if (lease.session == session.id) return true;
        return false;
    }

    /// Audits and saves on the disk thread, then tells on the I/O thread.
    void keep(std::optional<auth::AuditEntry> entry, std::string file, std::string text,
              std::function<void(bool)> done) {
        options.on_disk([self = shared_from_this(), entry = std::move(entry), path = options.folder / file,
                         text = std::move(text), done = std::move(done), wall = clock.wall()] {
            bool kept = true;
            try {
                if (entry) self->trail->append(wall, *entry);
            } catch (const std::exception& e) {
                log::error("control", "the audit trail cannot be written: {}", e.what());
                kept = false;
            }
            if (kept)
                if (const auto saved = write_whole(path.string(), text); !saved) {
                    log::error("control", "{} cannot be written: {}", path.string(), saved.error().message());
                    kept = false;
                }
            self->options.on_io([done, kept] { done(kept); });
        });
    }

    void keep_sessions(std::optional<auth::AuditEntry> entry, std::function<void(bool)> done) {
        keep(std::move(entry), "sessions.json", sessions.to_json(), std::move(done));
    }
    void keep_leases(std::optional<auth::AuditEntry> entry, std::function<void(bool)> done) {
        keep(std::move(entry), "leases.json", book.to_json(), std::move(done));
    }

    void note(auth::AuditEntry entry) {
        options.on_disk([self = shared_from_this(), entry = std::move(entry), wall = clock.wall()] {
            try {
                self->trail->append(wall, entry);
            } catch (const std::exception& e) {
                log::error("control", "the audit trail cannot be written: {}", e.what());
            }
        });
    }

    void checked(const std::string& account, const std::string& peer, bool right,
                 std::function<void(LogIn)> done) {
        --logging_in;
        checking.erase(checking.find({account, peer}));
        const bool known = bundle && bundle->account(account);
        if (!right || !known) {
            const bool locked = lockout.failed(account, peer, clock.now());
            refusals.refused({account, "login", peer, "wrong_password", locked ? "locked" : ""}, clock.now());
            return done({{}, 401, "wrong_password", "账号或密码不正确。忘记密码请联系县级技术人员", 0});
        }
        lockout.succeeded(account, peer);
        seen[account] = clock.now();
        auto cookie = sessions.open(account, clock.wall(), [this](auto& s) { return holds_lease(s); });
        keep_sessions(auth::AuditEntry{account, "login", peer, "ok", ""}, [cookie, done](bool kept) {
            if (kept) return done({cookie, 200, {}, {}, 0});
            done({{}, 503, "disk_failed", "节点的磁盘无法写入，请联系县级技术人员", 0});
        });
    }

    void end(const std::string& room, const std::string& actor, const std::string& why,
             const std::function<void(const Lease&, WallTime)>& tell, std::function<void(bool)> done) {
        const auto now = clock.wall();
        const auto lease = book.stop(room, now, why);
        if (!lease) return done(true);
        const bool begun = lessons[room].told;
        lessons.erase(room);
        if (begun && tell) tell(*lease, now);  // a lesson whose start is still being written was never there
        keep_leases(auth::AuditEntry{actor, "playback.stop", room, "ok", why}, std::move(done));
    }

    /// The start's lease is on disk; meanwhile its lesson may have been stopped, or its lease taken over.
    void kept(const Lease& taken, std::int64_t opened, const std::function<void(const Lease&)>& tell) {
        const auto lesson = lessons.find(taken.room);
        if (lesson == lessons.end() || lesson->second.opened != opened) return;
        if (!std::exchange(lesson->second.told, true) && tell) tell(taken);
    }

    /// The start's lease could not be written. What happened since, here and in other rooms, stays.
    void not_kept(const Lease& taken, const LeaseBook& before) {
        const auto* now = book.active(taken.room);
        if (!now || now->fencing != taken.fencing) return;
        const bool told = lessons[taken.room].told;  // else a start before it was not written either
        book.undo(taken.room, before, told);
        if (!told) lessons.erase(taken.room);
    }
};

Control::Control(ControlOptions options, const Clock& clock)
    : impl_(std::make_shared<Impl>(std::move(options), clock)) {}
Control::~Control() = default;

const SharedBundle& Control::bundle() const { return impl_->bundle; }
void Control::set_bundle(SharedBundle bundle) { impl_->bundle = std::move(bundle); }
const LeaseBook& Control::leases() const { return impl_->book; }

std::optional<Who> Control::who(const http::Request& request) {
    const auto* session = impl_->sessions.find(request.cookie(kCookie));
    const auto* account = session && impl_->bundle ? impl_->bundle->account(session->account) : nullptr;
    if (!account) return std::nullopt;
    impl_->seen[account->account] = impl_->clock.now();
    return Who{account->account, account->role, session->id};
}

RightsQuery Control::query(const http::Request& request, std::string_view room, Action action) {
    RightsQuery q;
    q.action = action;
    q.who = who(request);
    q.bundle = impl_->bundle.get();
    q.room = room;
    q.phone = is_phone(request.header("sec-ch-ua-mobile"), request.header("user-agent"));
    if (const auto* known = q.bundle ? q.bundle->room(room) : nullptr)
        q.at_venue = at_venue(*known, request.peer, impl_->own);
    q.lease = impl_->book.active(room);
    q.last_end = impl_->book.last_end(room);
    const auto* tester = test_session ? test_session(room) : nullptr;
    q.test_running = tester != nullptr;
    if (tester) q.test_session = *tester;
    q.now = impl_->clock.wall();
    return q;
}

std::optional<std::string> Control::attending(std::string_view room, auth::Role role) const {
    const auto& bundle = impl_->bundle;
    if (!bundle) return std::nullopt;
    std::optional<std::string> name;
    SteadyTime newest{};
    for (const auto& [id, account] : bundle->accounts) {
        const bool here = std::find(account.rooms.begin(), account.rooms.end(), room) != account.rooms.end();
        const auto seen = impl_->seen.find(id);
        if (account.role != role || !here || seen == impl_->seen.end()) continue;
        if (impl_->clock.now() - seen->second > kSeenLately || seen->second < newest) continue;
        newest = seen->second;
        name = account.name;
    }
    return name;
}

void Control::log_in(std::string account, std::string password, std::string peer,
                     std::function<void(LogIn)> done) {
    const auto wait = impl_->lockout.locked_for(account, peer, impl_->clock.now());
    if (wait.count() > 0) {
        const auto seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(wait).count());
        audit_refusal({account, "login", peer, "locked", {}});
        return done({{},
                     429,
                     "locked",
                     "密码错误次数过多，请 " + std::to_string((seconds + 59) / 60) + " 分钟后再试",
                     seconds});
    }
    if (impl_->logging_in >= kMostLogIns || impl_->checking.count({account, peer}) >= kMostLogInsAlike)
        return done({{}, 503, "busy", "登录的人太多，请几秒后再试", 2});
    ++impl_->logging_in;
    impl_->checking.insert({account, peer});
    const auto* known = impl_->bundle ? impl_->bundle->account(account) : nullptr;
    impl_->options.on_login([impl = impl_, account = std::move(account), password = std::move(password),
                             peer = std::move(peer), done = std::move(done),
                             stored = known ? known->password : std::string{}] {
        const auto verified = stored.empty() ? Result<bool>{auth::verify_nobody(password)}
                                             : auth::verify_password(password, stored);
        impl->options.on_io([impl, account, peer, done, right = verified && *verified] {
            impl->checked(account, peer, right, done);
        });
    });
}

void Control::log_out(std::string_view cookie, std::function<void(bool)> done) {
    const auto* session = impl_->sessions.find(cookie);
    if (!session) return done(true);
    const auto account = session->account;
    impl_->sessions.close(cookie);
    impl_->keep_sessions(auth::AuditEntry{account, "logout", "", "ok", ""}, std::move(done));
}

void Control::start(const RightsQuery& query, std::function<void(bool)> done) {
    if (query.lease && query.lease->session == query.who->session) return done(true);
    const auto before = impl_->book;
    const auto schedule = schedule_of(*query.bundle, query.room, query.now);
    Lease lease;
    lease.room = std::string{query.room};
    lease.account = query.who->account;
    lease.name = query.bundle->account(lease.account)->name;
    lease.session = query.who->session;
    lease.take_over = auth::random_hex();
    lease.started = query.lease ? query.lease->started : query.now;
    if (schedule.lesson) lease.slot_end = schedule.lesson->end;
    lease.reason = std::string{query.reason};
    const bool fresh = query.lease == nullptr;
    const auto taken = impl_->book.take(std::move(lease));
    const auto detail = !fresh           ? "take_over"
                        : taken.slot_end ? std::string{}
                                         : "outside_schedule: " + taken.reason;
    auto& lesson = impl_->lessons[taken.room];
    if (fresh) lesson = {taken.fencing, false};
    impl_->keep_leases(
        auth::AuditEntry{taken.account, "playback.start", taken.room, "ok", detail},
        [this, impl = impl_, before, taken, opened = lesson.opened, done = std::move(done)](bool kept) {
            if (kept)
                impl->kept(taken, opened, on_started);
            else
                impl->not_kept(taken, before);
            done(kept);
        });
}

void Control::stop_playing(const RightsQuery& query, std::function<void(bool)> done) {
    impl_->end(std::string{query.room}, query.who->account, "stop", on_ended, std::move(done));
}

void Control::audit_refusal(auth::AuditEntry entry) {
    impl_->refusals.refused(std::move(entry), impl_->clock.now());
}

void Control::tick() {
    const auto now = impl_->clock.wall();
    impl_->refusals.tick(impl_->clock.now());
    if (impl_->clock.now() - impl_->own_since > kPrefixesEvery) {
        impl_->own = impl_->options.own_prefixes();
        impl_->own_since = impl_->clock.now();
    }
    bool changed = false;
    const auto held = impl_->book.all();  // follow_slot() changes the book
    if (impl_->bundle)
        for (const auto& [room, lease] : held)
            if (const auto* slot = schedule_of(*impl_->bundle, room, now).lesson)
                changed = impl_->book.follow_slot(room, slot->end) || changed;
    if (changed) impl_->keep_leases(std::nullopt, [](bool) {});
    for (const auto& room : impl_->book.due(now))
        impl_->end(room, "node", "slot_over", on_ended, [](bool) {});
    if (impl_->sessions.expire(now, [this](auto& s) { return impl_->holds_lease(s); }))
        impl_->keep_sessions(std::nullopt, [](bool) {});
}

}  // namespace tongke::player
