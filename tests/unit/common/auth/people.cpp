// Passwords, codes, lock-out and roles.
#include <set>

#include "common/auth/lockout.hpp"
#include "common/auth/password.hpp"
#include "common/auth/random.hpp"
#include "common/auth/roles.hpp"
#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::auth;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {
constexpr ScryptCost kCheap{16, 8, 1};
const SteadyTime kNow{std::chrono::hours{5}};
}  // namespace

TEST_CASE("a password is recognised and its neighbour is not") {
    const auto stored = hash_password("同课 2025", kCheap);
    CHECK(stored.rfind("scrypt$16$8$1$", 0) == 0);
    CHECK(verify_password("同课 2025", stored).value());
    CHECK_FALSE(verify_password("同课 2026", stored).value());
    CHECK_FALSE(verify_password("", stored).value());
    CHECK(hash_password("同课 2025", kCheap) != stored);
}

TEST_CASE("scrypt is RFC 7914's") {
    // §12: P="password", S="NaCl", N=1024, r=8, p=16 — with a salt of 4 bytes the text is refused,
    // so the vector with S="SodiumChloride" is used: P="pleaseletmein", N=16384, r=8, p=1.
    CHECK(verify_password(
              "pleaseletmein",
              "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU$"
              "cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw")
              .value());
}

TEST_CASE("a stored hash that is damaged or absurd is an error, not a crash") {
    for (const auto* bad : {"", "plain", "scrypt$", "scrypt$16$8$1$$",
                            "scrypt$17$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
                            "scrypt$1073741824$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
                            "scrypt$16$8$99$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
                            "scrypt$16$-8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
                            "bcrypt$16$8$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"}) {
        CAPTURE(bad);
        CHECK(verify_password("x", bad).error() == AuthError::bad_password_hash);
    }
}

TEST_CASE("weak passwords are refused with a reason") {
    CHECK(password_complaint("ab12", "t1") == "密码至少 8 个字符");
    CHECK_FALSE(password_complaint("abcdefgh", "t1").empty());
    CHECK_FALSE(password_complaint("t510113-02!", "t510113-02").empty());
    CHECK_FALSE(password_complaint(std::string(200, 'a') + "1", "t1").empty());
    CHECK(password_complaint("好好学习天天向上1", "t1").empty());
    CHECK(password_complaint(random_password(), "t510113-02").empty());
}

TEST_CASE("codes are readable, unlike one another, and understood as typed") {
    std::set<std::string> codes;
    for (int i = 0; i < 200; ++i) codes.insert(one_time_code());
    CHECK(codes.size() == 200);
    const auto code = *codes.begin();
    CHECK(code.size() == 14);
    CHECK(code.find_first_of("01ILOU") == std::string::npos);
    CHECK(normalised_code(code) == code);
    CHECK(normalised_code(" 7kqm 2xwd9rth\n") == "7KQM-2XWD-9RTH");
    CHECK(normalised_code("码\xff\0") == "");
}

TEST_CASE("the fifth wrong password locks this account at this address for ten minutes") {
    Lockout lockout;
    for (int i = 0; i < 4; ++i) CHECK_FALSE(lockout.failed("t1", "192.0.2.1", kNow));
    CHECK(lockout.locked_for("t1", "192.0.2.1", kNow) == Milliseconds{0});
    CHECK(lockout.failed("t1", "192.0.2.1", kNow));
    CHECK(lockout.locked_for("t1", "192.0.2.1", kNow) == minutes{10});
    CHECK(lockout.locked_for("t1", "192.0.2.2", kNow) == Milliseconds{0});
    CHECK(lockout.locked_for("t2", "192.0.2.1", kNow) == Milliseconds{0});
    CHECK(lockout.locked_for("t1", "192.0.2.1", kNow + minutes{10}) == Milliseconds{0});
}

TEST_CASE("twenty failures from many addresses lock the account everywhere") {
    Lockout lockout;
    for (int i = 0; i < 19; ++i) CHECK_FALSE(lockout.failed("t1", "192.0.2." + std::to_string(i), kNow));
    CHECK(lockout.failed("t1", "192.0.2.99", kNow));
    CHECK(lockout.locked_for("t1", "198.51.100.7", kNow) == minutes{10});
    lockout.clear("t1");
    CHECK(lockout.locked_for("t1", "198.51.100.7", kNow) == Milliseconds{0});
}

TEST_CASE("a right password ends the count and slow failures never add up") {
    Lockout lockout;
    for (int i = 0; i < 4; ++i) lockout.failed("t1", "192.0.2.1", kNow);
    lockout.succeeded("t1", "192.0.2.1");
    CHECK_FALSE(lockout.failed("t1", "192.0.2.1", kNow));
    for (int i = 0; i < 50; ++i) CHECK_FALSE(lockout.failed("t2", "192.0.2.1", kNow + minutes{11} * i));
}

TEST_CASE("a flood of invented accounts does not grow memory nor open a running lock") {
    Lockout lockout({5, 20, minutes{10}, 100});
    for (int i = 0; i < 5; ++i) lockout.failed("t1", "192.0.2.1", kNow);
    for (int i = 0; i < 1000; ++i) lockout.failed("x" + std::to_string(i), "192.0.2.9", kNow + seconds{1});
    CHECK(lockout.entries() <= 102);
    CHECK(lockout.locked_for("t1", "192.0.2.1", kNow + seconds{1}) > Milliseconds{0});
}

TEST_CASE("no role but the homeroom teacher may start or stop playback") {
    for (const auto role : all_roles()) {
        CHECK(may_control_playback(role) == (role == Role::teacher));
        CHECK(role_from(role_name(role)) == role);
        CHECK_FALSE(role_name_zh(role).empty());
    }
    CHECK(all_roles().size() == 9);
    CHECK(role_name(Role::operator_) == "operator");
    CHECK_FALSE(role_from("root"));
}
