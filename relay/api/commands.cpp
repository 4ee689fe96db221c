#include "relay/api/commands.hpp"

#include <fmt/core.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "common/auth/audit.hpp"
#include "common/auth/digest.hpp"
#include "common/auth/password.hpp"
#include "common/auth/play_token.hpp"
#include "common/auth/random.hpp"
#include "common/time/format.hpp"
#include "common/time/zone.hpp"
#include "relay/api/control_plane.hpp"
#include "relay/fleet/node_store.hpp"
#include "relay/roster/roster_store.hpp"
#include "relay/roster/text_encoding.hpp"
#include "relay/schedule/schedule_json.hpp"
#include "relay/schedule/schedule_store.hpp"

namespace tongke::relay {
namespace {

constexpr int kDone = 0, kUsage = 64, kFailed = 1;

/// The database as serve has it, tables made if serve never ran here.
struct Desk {
    explicit Desk(store::Database& db) : rosters(db), schedules(db), nodes(db) {}
    RosterStore rosters;
    ScheduleStore schedules;
    NodeStore nodes;
};

int fail(const CommandContext& context, std::string_view text) {
    context.err << text << "\n";
    return kFailed;
}

int with_desk(const CommandContext& context, const std::function<int(Desk&)>& work) {
    auto db = store::Database::open(context.database_url, context.data_dir);
    if (!db)
        return fail(context,
                    fmt::format("数据库打不开：{}（数据目录 {}）", db.error().message(), context.data_dir));
    Desk desk{**db};
    for (const auto& done : {desk.rosters.migrate(), desk.schedules.migrate(), desk.nodes.migrate()})
        if (!done) return fail(context, fmt::format("数据库：{}", done.error().message()));
    try {
        return work(desk);
    } catch (const std::exception& error) {
        return fail(context, error.what());
    }
}

void audit(const CommandContext& context, std::string action, std::string target, std::string result,
           std::string detail = {}) {
    auth::AuditFile{audit_path(context.data_dir)}.append(
        context.clock.wall(),
        {context.actor, std::move(action), std::move(target), std::move(result), std::move(detail)});
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return std::nullopt;
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
}

void print(const CommandContext& context, const ImportPlan& plan) {
    int counts[3] = {};
    for (const auto& change : plan.changes) {
        ++counts[static_cast<int>(change.kind)];
        context.out << change_word(change.kind) << " " << change.what;
        if (!change.detail.empty()) context.out << "（" << change.detail << "）";
        context.out << "\n";
    }
    context.out << fmt::format("新增 {} · 修改 {} · 停用 {}\n", counts[0], counts[1], counts[2]);
}

}  // namespace

int import_roster(const CommandContext& context, const std::string& file, bool dry_run,
                  const RosterColumns& columns) {
    const auto bytes = read_file(file);
    if (!bytes) return fail(context, fmt::format("文件读不出来：{}", file));
    const auto decoded = decode_text(*bytes);
    if (const auto* problem = std::get_if<std::string>(&decoded)) return fail(context, *problem);
    const auto& text = std::get<DecodedText>(decoded);
    return with_desk(context, [&](Desk& desk) {
        const auto roster = desk.rosters.load();
        if (!roster) return fail(context, roster.error().message());
        const auto plan = plan_import(text.utf8, columns, *roster);
        context.out << "编码 " << text.encoding << "\n";
        for (const auto& error : plan.errors)
            context.err << (error.line > 0 ? fmt::format("第 {} 行：", error.line) : std::string{})
                        << error.text << "\n";
        if (!plan.errors.empty()) {
            audit(context, "roster.import", file, "refused", fmt::format("{} errors", plan.errors.size()));
            return fail(context, fmt::format("共 {} 处错误，没有导入任何内容", plan.errors.size()));
        }
        print(context, plan);
        if (dry_run) {
            context.out << "试运行，未写入\n";
            return kDone;
        }
        audit(context, "roster.import", file, "ok", fmt::format("{} changes", plan.changes.size()));
        if (auto done = desk.rosters.apply(plan); !done) return fail(context, done.error().message());
        return kDone;
    });
}

int export_roster(const CommandContext& context, const RosterColumns& columns) {
    return with_desk(context, [&](Desk& desk) {
        const auto roster = desk.rosters.load();
        if (!roster) return fail(context, roster.error().message());
        audit(context, "roster.export", "", "ok");  // X06: exports are logged
        context.out << export_csv(*roster, columns);
        return kDone;
    });
}

namespace {

std::string complaint_about(const AccountRequest& request, std::optional<auth::Role> role,
                            const Roster& roster) {
    using auth::Role;
    if (request.account.empty() || request.account.size() > 64) return "--account 应为 1 到 64 个字符";
    if (!role) return fmt::format("没有“{}”这个角色", request.role);
    if (request.name.empty()) return "缺少 --name";
    const bool in_room = *role == Role::teacher || *role == Role::technician;
    if (in_room && roster.room(request.room) == nullptr)
        return fmt::format("没有分课堂“{}”，请先导入分课堂", request.room);
    if (!in_room && !request.room.empty()) return "只有班主任和技术人员可以指定 --room";
    const std::size_t digits = *role == Role::county_it  ? 6
                               : *role == Role::city     ? 4
                               : *role == Role::province ? 2
                                                         : 0;
    const bool right_county = in_room || request.county.size() == digits;
    if (!right_county) return fmt::format("--county 应为 {} 位行政区划代码", digits);
    if (*role == Role::county_it && roster.county(request.county) == nullptr)
        return fmt::format("没有县“{}”，请先导入分课堂", request.county);
    return {};
}

/// The account as it would be; password still in clear text aside.
Account account_of(const AccountRequest& request, auth::Role role, const Roster& roster) {
    Account account{request.account, request.name, role, request.county, {}, {}, true};
    if (!request.room.empty()) {
        account.rooms = {request.room};
        account.county = roster.room(request.room)->county;
    }
    if (const auto* stored = roster.account(request.account)) {
        account.password = stored->password;
        const bool more_rooms = role == auth::Role::technician && stored->role == role && stored->active;
        if (more_rooms) {  // a technician may look after several rooms: this one is added
            std::set<std::string> rooms{stored->rooms.begin(), stored->rooms.end()};
            rooms.insert(request.room);
            account.rooms.assign(rooms.begin(), rooms.end());
        }
    }
    return account;
}

}  // namespace

int set_account(const CommandContext& context, const AccountRequest& request, const std::string& password) {
    return with_desk(context, [&](Desk& desk) {
        const auto roster = desk.rosters.load();
        if (!roster) return fail(context, roster.error().message());
        const auto role = auth::role_from(request.role);
        if (const auto complaint = complaint_about(request, role, *roster); !complaint.empty()) {
            context.err << complaint << "\n";
            return kUsage;
        }
        auto account = account_of(request, *role, *roster);
        if (password.empty() && account.password.empty()) return fail(context, "新账号须在标准输入给出密码");
        if (!password.empty()) {
            if (const auto complaint = auth::password_complaint(password, request.account);
                !complaint.empty())
                return fail(context, complaint);
            const auto same = auth::verify_password(password, account.password);
            if (!same || !*same) account.password = auth::hash_password(password);
        }
        const auto* stored = roster->account(request.account);
        if (stored != nullptr && *stored == account) {
            context.out << "账号 " << request.account << " 没有变化\n";
            return kDone;
        }
        const auto saved = desk.rosters.save(account);
        const auto target = fmt::format("{} {}", request.account, request.role);
        audit(context, "account.set", target, saved ? "ok" : "refused");
        if (!saved && saved.error() == store::Errc::constraint)
            return fail(context, fmt::format("分课堂 {} 已有班主任，或 {} 已负责另一个分课堂", request.room,
                                             request.account));
        if (!saved) return fail(context, saved.error().message());
        context.out << (stored == nullptr ? "新增" : "修改") << "账号 " << request.account << "（"
                    << auth::role_name_zh(*role) << "）\n";
        return kDone;
    });
}

int import_schedule(const CommandContext& context, const std::string& file) {
    const auto text = read_file(file);
    if (!text) return fail(context, fmt::format("文件读不出来：{}", file));
    return with_desk(context, [&](Desk& desk) {
        const auto roster = desk.rosters.load();
        if (!roster) return fail(context, roster.error().message());
        std::set<std::string, std::less<>> rooms;
        for (const auto& [id, room] : roster->rooms)
            if (room.active) rooms.insert(id);
        const auto reading = read_schedule(*text, rooms);
        for (const auto& error : reading.errors) context.err << error << "\n";
        if (!reading.errors.empty()) {
            audit(context, "schedule.import", file, "refused");
            return fail(context, fmt::format("共 {} 处错误，日程未改动", reading.errors.size()));
        }
        audit(context, "schedule.import", file, "ok", fmt::format("{} slots", reading.slots.size()));
        if (auto done = desk.schedules.replace(reading.slots); !done)
            return fail(context, done.error().message());
        for (const auto& slot : reading.slots)
            context.out << fmt::format("{} — {}  {}  {}\n", local_minute(slot.begin), local_minute(slot.end),
                                       slot_kind_name(slot.kind), slot.title);
        context.out << fmt::format("日程共 {} 项\n", reading.slots.size());
        return kDone;
    });
}

int invite_node(const CommandContext& context, const std::string& county, Milliseconds valid_for) {
    if (!is_county_code(county)) {
        context.err << "--county 应为 6 位县代码\n";
        return kUsage;
    }
    return with_desk(context, [&](Desk& desk) {
        const auto roster = desk.rosters.load();
        if (!roster) return fail(context, roster.error().message());
        if (roster->county(county) == nullptr)
            return fail(context, fmt::format("没有县“{}”，请先导入分课堂", county));
        const auto code = auth::one_time_code();
        const auto now = context.clock.wall();
        audit(context, "node.invite", county, "ok", "until " + to_iso8601(now + valid_for));
        const auto saved = desk.nodes.add_invite(auth::sha256_hex(auth::normalised_code(code)), county, now,
                                                 now + valid_for);
        if (!saved) return fail(context, saved.error().message());
        context.err << fmt::format("入网码，{} 前有效，只能用一次：\n", local_minute(now + valid_for));
        context.out << code << "\n";
        return kDone;
    });
}

int play_token(const CommandContext& context, const std::string& stream, const std::string& node,
               Milliseconds ttl) {
    if (stream.empty() || node.empty() || ttl <= Milliseconds::zero()) {
        context.err << "需要 --stream 和 --node，--ttl 应大于 0\n";
        return kUsage;
    }
    try {
        const auto key = auth::SigningKey::load_or_create(signing_key_path(context.data_dir));
        const auto until = context.clock.wall() + ttl;
        audit(context, "token.play", stream, "ok", node + " until " + to_iso8601(until));
        context.out << auth::make_play_token(key, {node, stream, until, until}) << "\n";
        return kDone;
    } catch (const std::exception& error) {
        return fail(context, error.what());
    }
}

int verify_audit(const CommandContext& context) {
    const auto check = auth::AuditFile::verify(audit_path(context.data_dir));
    if (check.whole) {
        context.out << fmt::format("链完整，共 {} 条\n", check.records);
        return kDone;
    }
    context.out << fmt::format("链在第 {} 行断开：{}\n", check.line, check.problem);
    return kFailed;
}

}  // namespace tongke::relay
