#include <algorithm>

#include "common/auth/password.hpp"
#include "common/store/migrations.hpp"
#include "relay/roster/csv.hpp"
#include "relay/roster/roster_import.hpp"
#include "relay/roster/roster_store.hpp"
#include "relay/roster/text_encoding.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_dir.hpp"

using namespace tongke;
using namespace tongke::relay;

namespace {

constexpr std::string_view kHead =
    "县代码,县名称,分课堂编号,分课堂名称,班主任姓名,班主任账号,初始密码,技术人员姓名,技术人员账号,"
    "技术人员密码,网络\r\n";

std::string file(std::initializer_list<std::string_view> rows) {
    std::string text{kHead};
    for (const auto row : rows) (text += row) += "\r\n";
    return text;
}
constexpr std::string_view kFirst =
    "510113,示例县,510113-01,教师发展中心,张老师,t1,first-123,王工,j1,tech-1234,10.1.0.0/16";
constexpr std::string_view kSecond =
    "510113,示例县,510113-02,城关三小,李老师,t2,second-123,王工,j1,tech-1234,";

struct Stored {
    test::TemporaryDir dir;
    std::unique_ptr<store::Database> db = *store::Database::open("sqlite:", dir.path());
    RosterStore store{*db};
    Stored() { REQUIRE(store.migrate()); }

    ImportPlan import(const std::string& text) {
        auto plan = plan_import(text, {}, *store.load());
        if (plan.errors.empty()) REQUIRE(store.apply(plan));
        return plan;
    }
};

std::string errors_of(const ImportPlan& plan) {
    std::string out;
    for (const auto& e : plan.errors) out += std::to_string(e.line) + " " + e.text + "\n";
    return out;
}

std::vector<std::string> words(const ImportPlan& plan) {
    std::vector<std::string> out;
    for (const auto& c : plan.changes) out.push_back(std::string{change_word(c.kind)} + " " + c.what);
    return out;
}

}  // namespace

TEST_CASE("a quoted field keeps its commas, quotes and line breaks") {
    const auto rows = parse_csv("a,\"b,\"\"c\"\"\nd\",\r\n\r\n,,\nx,y\n");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].fields == std::vector<std::string>{"a", "b,\"c\"\nd", ""});
    CHECK(rows[1].fields == std::vector<std::string>{"x", "y"});
    CHECK(rows[1].line == 5);
    CHECK(parse_csv(csv_line(rows[0].fields))[0].fields == rows[0].fields);
}

TEST_CASE("UTF-8, UTF-8 with BOM and GB18030 give the same text, rare characters included") {
    const std::string text = "姓名,㛃䶮𬱖𠅤\r\n";
    const auto plain = std::get<DecodedText>(decode_text(text));
    CHECK(plain.utf8 == text);
    CHECK(plain.encoding == "UTF-8");
    CHECK(std::get<DecodedText>(decode_text("\xef\xbb\xbf" + text)).utf8 == text);
    const auto chinese = std::get<DecodedText>(decode_text(to_gb18030(text)));
    CHECK(chinese.utf8 == text);
    CHECK(chinese.encoding == "GB18030");
}

TEST_CASE("what is not such a text is named in words") {
    CHECK(std::get<std::string>(decode_text("PK\x03\x04rest")).find("xlsx") != std::string::npos);
    CHECK(std::get<std::string>(decode_text("\xff\xfe"
                                            "a"))
              .find("UTF-16") != std::string::npos);
    CHECK(std::get<std::string>(decode_text("\xff\xd8\xff\xe0 JPEG")).find("编码") != std::string::npos);
    CHECK(std::get<std::string>(decode_text(std::string("a\0b", 3))).find("文本") != std::string::npos);
}

TEST_CASE("a first import adds county, rooms and people; the second changes nothing") {
    Stored s;
    const auto plan = s.import(file({kFirst, kSecond}));
    CHECK(words(plan) == std::vector<std::string>{"新增 县 510113 示例县",
                                                  "新增 分课堂 510113-01 教师发展中心",
                                                  "新增 分课堂 510113-02 城关三小", "新增 账号 j1 王工",
                                                  "新增 账号 t1 张老师", "新增 账号 t2 李老师"});
    CHECK(words(s.import(file({kFirst, kSecond}))).empty());
    const auto roster = *s.store.load();
    CHECK(roster.room("510113-01")->networks == std::vector<std::string>{"10.1.0.0/16"});
    CHECK(roster.room("510113-01")->contact == "王工");
    CHECK(roster.teacher_of("510113-02")->account == "t2");
    CHECK(roster.account("j1")->rooms == std::vector<std::string>{"510113-01", "510113-02"});
    CHECK(*auth::verify_password("first-123", roster.account("t1")->password));
}

TEST_CASE("an import keeps the passwords of accounts that exist") {
    Stored s;
    s.import(file({kFirst}));
    const auto before = s.store.load()->account("t1")->password;
    const auto plan =
        s.import(file({"510113,示例县,510113-01,教师发展中心,张老师,t1,other-1234,王工,j1,,10.1.0.0/16"}));
    CHECK(words(plan).empty());
    CHECK(s.store.load()->account("t1")->password == before);
}

TEST_CASE("a room that the county's rows no longer name is deactivated; another county is left alone") {
    Stored s;
    s.import(file({kFirst, kSecond, "510114,邻县,510114-01,一小,陈老师,t9,nine-1234,,,,"}));
    const auto plan = s.import(file({kSecond}));
    CHECK(words(plan) == std::vector<std::string>{"停用 分课堂 510113-01 教师发展中心", "修改 账号 j1 王工",
                                                  "停用 账号 t1 张老师"});
    const auto roster = *s.store.load();
    CHECK(roster.room("510113-01") == nullptr);
    CHECK(roster.room("510114-01") != nullptr);
    CHECK_FALSE(roster.account("t1")->active);
    CHECK(words(s.import(file({kSecond}))).empty());
}

TEST_CASE("two 班主任 may change places in one import") {
    Stored s;
    s.import(file({kFirst, kSecond}));
    s.import(file({"510113,示例县,510113-01,教师发展中心,李老师,t2,,王工,j1,,10.1.0.0/16",
                   "510113,示例县,510113-02,城关三小,张老师,t1,,王工,j1,,"}));
    CHECK(s.store.load()->teacher_of("510113-01")->account == "t2");
    CHECK(s.store.load()->teacher_of("510113-02")->account == "t1");
}

TEST_CASE("each wrong row is named with its line, and nothing is imported") {
    Stored s;
    const auto plan = s.import(file({kFirst, "51011,示例县,510113-02,三小,李老师,t2,second-123,,,,",
                                     "510113,示例县,510113-03,四小,周老师,t1,third-123,,,,",
                                     "510113,示例县,510113-04,,吴老师,t4,short,,,,10.0.0.0/99",
                                     "510113,示例县,510113-05,五小,郑老师,t5,,,,,"}));
    const auto text = errors_of(plan);
    for (const auto* expected :
         {"3 县代码“51011”应为 6 位数字", "4 账号“t1”已用于分课堂 510113-01：一名班主任只能负责一个分课堂",
          "5 分课堂名称为空", "5 网络“10.0.0.0/99”不是 CIDR", "5 班主任账号“t4”的初始密码不合要求",
          "6 班主任账号“t5”是新账号，须填初始密码"}) {
        INFO(text);
        CHECK(text.find(expected) != std::string::npos);
    }
    CHECK(plan.changes.empty());
    CHECK(plan.first_passwords.empty());
    CHECK(s.store.load()->rooms.empty());
}

TEST_CASE("one account with two names is a mistake, a technician without an account a contact") {
    Stored s;
    const auto plan = plan_import(
        file({kFirst, "510113,示例县,510113-02,城关三小,李老师,t2,second-123,王小工,j1,,"}), {}, {});
    CHECK(errors_of(plan).find("3 账号“j1”在前面的行里叫“王工”") != std::string::npos);
    s.import(file({"510113,示例县,510113-01,教师发展中心,张老师,t1,first-123,刘工,,,"}));
    CHECK(s.store.load()->room("510113-01")->contact == "刘工");
    CHECK(plan_import(export_csv(*s.store.load(), {}).substr(3), {}, *s.store.load()).changes.empty());
}

TEST_CASE("a missing column is named, and other titles can be configured") {
    const auto plan = plan_import("分课堂编号,分课堂名称\n1,2\n", {}, {});
    CHECK(errors_of(plan).find("缺少“县代码”列") != std::string::npos);
    RosterColumns columns;
    columns.county = "区划代码";
    auto text = file({kFirst});
    text.replace(text.find("县代码"), std::string_view{"县代码"}.size(), "区划代码");
    CHECK(plan_import(text, columns, {}).errors.empty());
    CHECK_FALSE(plan_import(text, {}, {}).errors.empty());
}

TEST_CASE("an operator's account cannot become a 班主任 by import") {
    Stored s;
    REQUIRE(s.store.save({"t1", "值班员", auth::Role::operator_, "", {}, "scrypt$x", true}));
    CHECK(errors_of(s.import(file({kFirst}))).find("账号“t1”已是") != std::string::npos);
}

TEST_CASE("the database itself refuses a second 班主任 in a room and a second room for one") {
    Stored s;
    s.import(file({kFirst, kSecond}));
    CHECK(s.store.save({"t7", "孙老师", auth::Role::teacher, "510113", {"510113-01"}, "x", true}).error() ==
          store::Errc::constraint);
    CHECK(s.store.save({"t1", "张老师", auth::Role::teacher, "510113", {"510113-01", "510113-02"}, "", true})
              .error() == store::Errc::constraint);
    CHECK(s.store.load()->teacher_of("510113-01")->account == "t1");
    CHECK(s.store.load()->account("t7") == nullptr);
}

TEST_CASE("a change is announced, a repeated import is not") {
    Stored s;
    s.import(file({kFirst}));
    const auto count = *store::change_count(*s.db, kRosterTopic);
    CHECK(count == 1);
    s.import(file({kFirst}));
    CHECK(*store::change_count(*s.db, kRosterTopic) == count);
}

TEST_CASE("an export can be imported again and changes nothing") {
    Stored s;
    s.import(file({kFirst, kSecond}));
    const auto exported = export_csv(*s.store.load(), {});
    CHECK(exported.find("scrypt") == std::string::npos);
    const auto plan = s.import(std::get<DecodedText>(decode_text(exported)).utf8);
    INFO(errors_of(plan));
    CHECK(plan.errors.empty());
    CHECK(plan.changes.empty());
}
