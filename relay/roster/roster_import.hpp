// 附件2 (A01) as CSV → what would change. Pure: the same file over the same
// roster always gives the same plan, and importing a file twice changes nothing
// the second time. A room that a county's rows no longer name is 停用; counties
// that the file does not mention are left alone. One wrong row stops the whole
// import, so that a half-read file never reaches a classroom.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "relay/roster/roster.hpp"

namespace tongke::relay {

/// Column titles; 附件2's own are not published, so these are ours. No configuration key changes them yet.
struct RosterColumns {
    std::string room = "分课堂编号", room_name = "分课堂名称", county = "县代码", county_name = "县名称",
                networks = "网络", teacher_name = "班主任姓名", teacher_account = "班主任账号",
                teacher_password = "初始密码", technician_name = "技术人员姓名",
                technician_account = "技术人员账号", technician_password = "技术人员密码";
};

struct RosterChange {
    enum class Kind { added, modified, deactivated } kind;
    std::string what;    // "分课堂 510113-02 城关三小", "账号 t510113-02"
    std::string detail;  // "班主任：张老师 → 李老师"
};
std::string_view change_word(RosterChange::Kind kind);  // 新增 修改 停用

struct RowError {
    int line = 0;  // 0: the file as a whole
    std::string text;
};

struct ImportPlan {
    std::vector<RowError> errors;
    std::vector<RosterChange> changes;
    std::vector<County> counties;  // to be written, in this order
    std::vector<Room> rooms;
    std::vector<Account> accounts;                                    // password empty: keep, or see below
    std::map<std::string, std::string, std::less<>> first_passwords;  // of accounts that are new, in clear
};

/// An existing account keeps its password: 初始密码 is for the first import only.
ImportPlan plan_import(std::string_view utf8_csv, const RosterColumns& columns, const Roster& now);

/// The same columns without passwords, UTF-8 with BOM so that Excel opens it as it is.
std::string export_csv(const Roster& roster, const RosterColumns& columns);

}  // namespace tongke::relay
