#include "relay/roster/roster_import.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "common/auth/password.hpp"
#include "common/net/ip_address.hpp"
#include "relay/roster/csv.hpp"

namespace tongke::relay {
namespace {

using Kind = RosterChange::Kind;

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return std::string{text.substr(begin, text.find_last_not_of(kBlank) - begin + 1)};
}

bool is_account_name(std::string_view text) {
    const auto good = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '_' || c == '-' || c == '@';
    };
    return text.size() >= 2 && text.size() <= 64 && std::all_of(text.begin(), text.end(), good);
}

std::vector<std::string> split_networks(std::string text) {
    for (const auto* separator : {"；", "、", "，", "|"}) {
        for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator))
            text.replace(at, std::string_view{separator}.size(), ";");
    }
    std::vector<std::string> out;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find_first_of("; \t\n", begin), text.size());
        if (end > begin) out.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

struct Row {
    int line = 0;
    std::string room, room_name, county, county_name, networks;
    std::string teacher_name, teacher_account, teacher_password;
    std::string technician_name, technician_account, technician_password;
};

class Planner {
  public:
    Planner(const RosterColumns& columns, const Roster& now) : columns_(columns), now_(now) {}

    ImportPlan plan(std::string_view text) {
        for (const auto& row : read(text)) take(row);
        if (plan_.errors.empty()) {
            compare_counties();
            compare_rooms();
            compare_accounts();
        }
        if (!plan_.errors.empty()) plan_ = ImportPlan{std::move(plan_.errors), {}, {}, {}, {}, {}};
        return std::move(plan_);
    }

  private:
    void error(int line, std::string text) { plan_.errors.push_back({line, std::move(text)}); }

    struct Column {
        const std::string* title;
        std::string Row::*field;
        bool required;
    };
    std::vector<Column> layout() const {
        const auto& c = columns_;
        return {{&c.room, &Row::room, true},
                {&c.room_name, &Row::room_name, true},
                {&c.county, &Row::county, true},
                {&c.county_name, &Row::county_name, true},
                {&c.networks, &Row::networks, false},
                {&c.teacher_name, &Row::teacher_name, true},
                {&c.teacher_account, &Row::teacher_account, true},
                {&c.teacher_password, &Row::teacher_password, false},
                {&c.technician_name, &Row::technician_name, false},
                {&c.technician_account, &Row::technician_account, false},
                {&c.technician_password, &Row::technician_password, false}};
    }

    std::vector<Row> read(std::string_view text) {
        const auto table = parse_csv(text);
        std::vector<Row> rows;
        if (table.size() < 2) {
            error(0, "文件里没有数据行：第一行应为列名，其后每行一个分课堂");
            return rows;
        }
        const auto& head = table.front();
        std::vector<std::pair<std::string Row::*, std::size_t>> places;
        for (const auto& column : layout()) {
            const auto found = std::find_if(head.fields.begin(), head.fields.end(), [&](const auto& title) {
                return trimmed(title) == *column.title;
            });
            if (found != head.fields.end())
                places.emplace_back(column.field, static_cast<std::size_t>(found - head.fields.begin()));
            else if (column.required)
                error(head.line, fmt::format("缺少“{}”列", *column.title));
        }
        if (!plan_.errors.empty()) return rows;
        for (auto line = table.begin() + 1; line != table.end(); ++line) {
            auto& row = rows.emplace_back();
            row.line = line->line;
            for (const auto& [field, at] : places)
                if (at < line->fields.size()) row.*field = trimmed(line->fields[at]);
        }
        return rows;
    }

    void take(const Row& row) {
        const auto before = plan_.errors.size();
        check_room(row);
        auto room = Room{row.room, row.room_name, row.county, split_networks(row.networks), {}, true};
        for (const auto& network : room.networks)
            if (!net::IpPrefix::parse(network))
                error(row.line, fmt::format("网络“{}”不是 CIDR 地址段，例如 192.168.1.0/24", network));
        room.contact = row.technician_name.empty() ? row.teacher_name : row.technician_name;
        take_person(row, auth::Role::teacher, row.teacher_account, row.teacher_name, row.teacher_password);
        if (!row.technician_account.empty())
            take_person(row, auth::Role::technician, row.technician_account, row.technician_name,
                        row.technician_password);
        if (plan_.errors.size() != before) return;
        counties_[row.county] = {row.county, row.county_name};
        rooms_[row.room] = std::move(room);
    }

    void check_room(const Row& row) {
        if (!is_county_code(row.county)) error(row.line, fmt::format("县代码“{}”应为 6 位数字", row.county));
        if (row.county_name.empty()) error(row.line, "县名称为空");
        if (!is_room_id(row.room) || row.room.substr(0, 6) != row.county)
            error(row.line, fmt::format("分课堂编号“{}”应为县代码加序号，例如 {}-01", row.room,
                                        is_county_code(row.county) ? row.county : "510113"));
        if (row.room_name.empty()) error(row.line, "分课堂名称为空");
        if (rooms_.count(row.room) > 0) error(row.line, fmt::format("分课堂编号“{}”重复", row.room));
        const auto known = counties_.find(row.county);
        if (known != counties_.end() && known->second.name != row.county_name)
            error(row.line, fmt::format("县代码 {} 在前面的行里叫“{}”", row.county, known->second.name));
    }

    void take_person(const Row& row, auth::Role role, const std::string& account, const std::string& name,
                     const std::string& password) {
        const auto title = role == auth::Role::teacher ? "班主任" : "技术人员";
        if (!is_account_name(account))
            return error(row.line,
                         fmt::format("{}账号“{}”应为 2 到 64 个字母、数字或 . _ - @", title, account));
        if (name.empty()) return error(row.line, fmt::format("{}姓名为空", title));
        if (conflicts(row, role, account, title)) return;
        auto [entry, fresh] =
            people_.try_emplace(account, Account{account, name, role, row.county, {}, {}, true});
        if (entry->second.name != name)
            return error(row.line, fmt::format("账号“{}”在前面的行里叫“{}”", account, entry->second.name));
        entry->second.rooms.push_back(row.room);
        const auto* stored = now_.account(account);
        if (!fresh || (stored != nullptr && !stored->password.empty())) return;
        if (password.empty())
            return error(row.line, fmt::format("{}账号“{}”是新账号，须填初始密码", title, account));
        if (const auto complaint = auth::password_complaint(password, account); !complaint.empty())
            return error(row.line,
                         fmt::format("{}账号“{}”的初始密码不合要求：{}", title, account, complaint));
        plan_.first_passwords[account] = password;
    }

    bool conflicts(const Row& row, auth::Role role, const std::string& account, std::string_view title) {
        const auto seen = people_.find(account);
        if (seen != people_.end()) {
            if (role == auth::Role::teacher || seen->second.role != role ||
                seen->second.county != row.county) {
                error(row.line, fmt::format("账号“{}”已用于分课堂 {}：一名班主任只能负责一个分课堂", account,
                                            seen->second.rooms.front()));
                return true;
            }
        }
        const auto* stored = now_.account(account);
        if (stored != nullptr && stored->active && (stored->role != role || stored->county != row.county)) {
            error(row.line, fmt::format("账号“{}”已是{}，不能作为本县{}", account,
                                        auth::role_name_zh(stored->role), title));
            return true;
        }
        return false;
    }

    void change(Kind kind, std::string what, std::string detail = {}) {
        plan_.changes.push_back({kind, std::move(what), std::move(detail)});
    }

    void compare_counties() {
        for (const auto& [code, county] : counties_) {
            const auto* stored = now_.county(code);
            if (stored != nullptr && *stored == county) continue;
            change(stored == nullptr ? Kind::added : Kind::modified,
                   fmt::format("县 {} {}", code, county.name));
            plan_.counties.push_back(county);
        }
    }

    void compare_rooms() {
        for (const auto& [id, room] : rooms_) {
            const auto stored = now_.rooms.find(id);
            if (stored != now_.rooms.end() && stored->second == room) continue;
            const bool fresh = stored == now_.rooms.end() || !stored->second.active;
            change(fresh ? Kind::added : Kind::modified, fmt::format("分课堂 {} {}", id, room.name),
                   fresh ? "" : differences(stored->second, room));
            plan_.rooms.push_back(room);
        }
        for (const auto& [id, room] : now_.rooms) {
            if (!room.active || counties_.count(room.county) == 0 || rooms_.count(id) > 0) continue;
            change(Kind::deactivated, fmt::format("分课堂 {} {}", id, room.name));
            plan_.rooms.push_back(room);
            plan_.rooms.back().active = false;
        }
    }

    static std::string differences(const Room& before, const Room& after) {
        std::vector<std::string> out;
        if (before.name != after.name) out.push_back(fmt::format("名称：{} → {}", before.name, after.name));
        if (before.contact != after.contact)
            out.push_back(fmt::format("联系人：{} → {}", before.contact, after.contact));
        if (before.networks != after.networks) out.emplace_back("网络");
        std::string text;
        for (const auto& part : out) text += (text.empty() ? "" : "；") + part;
        return text;
    }

    void compare_accounts() {
        for (auto& [name, account] : people_) {
            const auto* stored = now_.account(name);
            if (stored != nullptr) account.password = stored->password;
            std::sort(account.rooms.begin(), account.rooms.end());
            if (stored != nullptr && *stored == account) continue;
            const bool fresh = stored == nullptr || !stored->active;
            const auto rooms = fmt::format("{} {}", auth::role_name_zh(account.role), account.rooms.front());
            change(fresh ? Kind::added : Kind::modified, fmt::format("账号 {} {}", name, account.name),
                   rooms);
            plan_.accounts.push_back(account);
        }
        for (const auto& [name, account] : now_.accounts) {
            const bool of_rooms =
                account.role == auth::Role::teacher || account.role == auth::Role::technician;
            if (!account.active || !of_rooms || counties_.count(account.county) == 0 ||
                people_.count(name) > 0)
                continue;
            change(Kind::deactivated, fmt::format("账号 {} {}", name, account.name));
            plan_.accounts.push_back(account);
            plan_.accounts.back().active = false;
            plan_.accounts.back().rooms.clear();
        }
    }

    const RosterColumns& columns_;
    const Roster& now_;
    ImportPlan plan_;
    std::map<std::string, County> counties_;
    std::map<std::string, Room> rooms_;
    std::map<std::string, Account> people_;
};

}  // namespace

std::string_view change_word(Kind kind) {
    switch (kind) {
        case Kind::added: return "新增";
        case Kind::modified: return "修改";
        case Kind::deactivated: return "停用";
    }
    return "";
}

ImportPlan plan_import(std::string_view utf8_csv, const RosterColumns& columns, const Roster& now) {
    return Planner{columns, now}.plan(utf8_csv);
}

std::string export_csv(const Roster& roster, const RosterColumns& c) {
    std::string out =
        "\xef\xbb\xbf" + csv_line({c.county, c.county_name, c.room, c.room_name, c.networks, c.teacher_name,
                                   c.teacher_account, c.technician_name, c.technician_account});
    for (const auto& [id, room] : roster.rooms) {
        if (!room.active) continue;
        const auto* county = roster.county(room.county);
        const auto* teacher = roster.teacher_of(id);
        const Account* technician = nullptr;
        for (const auto& [name, account] : roster.accounts) {
            if (account.active && account.role == auth::Role::technician &&
                std::find(account.rooms.begin(), account.rooms.end(), id) != account.rooms.end())
                technician = &account;
        }
        std::string networks;
        for (const auto& network : room.networks) networks += (networks.empty() ? "" : ";") + network;
        // Without an account of a technician the contact may still be one by name.
        const bool other = teacher == nullptr || room.contact != teacher->name;
        const std::string technician_name = technician != nullptr ? technician->name
                                            : other               ? room.contact
                                                                  : "";
        const auto account_of = [](const Account* a) { return a == nullptr ? std::string{} : a->account; };
        out += csv_line({room.county, county == nullptr ? "" : county->name, id, room.name, networks,
                         teacher == nullptr ? "" : teacher->name, account_of(teacher), technician_name,
                         account_of(technician)});
    }
    return out;
}

}  // namespace tongke::relay
