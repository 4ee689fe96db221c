#include "common/auth/proof_digits.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/auth/private_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/common/auth/temporary.hpp"

using namespace tongke;
using namespace tongke::auth;
using namespace std::chrono_literals;

TEST_CASE("the digits are the last four of RFC 6238's test vectors, at our step") {
    const auto secret = as_bytes("12345678901234567890123456789012");
    // Appendix B, SHA-256: time steps 1, 23523EC, 23523ED and 27BC86AA of 30 s; ours are of 20 s.
    const auto at_step = [&](std::int64_t step) { return proof_digits(secret, from_unix_ms(step * 20'000)); };
    CHECK(at_step(1) == "9246");
    CHECK(at_step(0x23523EC) == "4774");
    CHECK(at_step(0x23523ED) == "2674");
    CHECK(at_step(0x27BC86AA) == "7706");
}

TEST_CASE("the digits hold for 20 s and are another day's nothing") {
    const auto begin = from_unix_ms(1'744'768'800'000);
    const auto secret = proof_secret(as_bytes("relay"), "2025-04-16");
    CHECK(proof_digits(secret, begin) == proof_digits(secret, begin + 19'999ms));
    CHECK(secret.size() == 32);
    CHECK(secret != proof_secret(as_bytes("relay"), "2025-04-17"));
    CHECK(secret != proof_secret(as_bytes("another"), "2025-04-16"));
    std::set<std::string> seen;
    for (int i = 0; i < 300; ++i) seen.insert(proof_digits(secret, begin + i * kProofStep));
    CHECK(seen.size() > 280);
    for (const auto& digits : seen) CHECK(digits.size() == 4);
    CHECK(proof_digits(secret, from_unix_ms(-1)).empty());
    CHECK(proof_digits({}, begin).size() == 4);
}

TEST_CASE("a secret is made once, private, and found again; a broken file is told") {
    const Temporary dir;
    const auto path = dir.file("test-channel.key");
    const auto first = load_or_create_secret(path);
    CHECK(first.size() == 32);
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(load_or_create_secret(path) == first);
    std::ofstream(path, std::ios::trunc) << "no secret\n";
    CHECK_THROWS_WITH(load_or_create_secret(path), Catch::Contains(path));
    std::ofstream(path, std::ios::trunc) << "";
    CHECK_THROWS(load_or_create_secret(path));
}
