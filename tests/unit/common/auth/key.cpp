#include "common/auth/key.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "common/auth/digest.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/common/auth/temporary.hpp"

using namespace tongke;
using namespace tongke::auth;

namespace {
// P-384: a good key of the wrong kind.
constexpr std::string_view kP384 = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEwdszBllVmPap4wdK37EVP7SgEYxQpjJu
q2Oto0JX5F3DwxIOmsFM6ZE9bZcmDLzJKuu3p1yMRajWg6KxMpMir5hXcEK8iIti
ED/9Up8wW8v4AaupO6LrX+RNndEuBMhL
-----END PUBLIC KEY-----
)";
}  // namespace

TEST_CASE("a signature holds for its message and key only") {
    const auto key = SigningKey::generate();
    const auto signature = key.sign("the lesson");
    REQUIRE(signature.size() == 64);
    CHECK(key.public_key().verify("the lesson", signature));
    CHECK_FALSE(key.public_key().verify("the lessen", signature));
    CHECK_FALSE(SigningKey::generate().public_key().verify("the lesson", signature));
    CHECK_FALSE(key.public_key().verify("the lesson", ByteView{signature}.first(63)));
    CHECK_FALSE(key.public_key().verify("the lesson", Bytes(64, 0)));
    CHECK_FALSE(key.public_key().verify("the lesson", {}));
}

TEST_CASE("keys survive their text form") {
    const auto key = SigningKey::generate();
    const auto again = SigningKey::from_pem(key.private_pem());
    const auto pub = VerifyKey::from_pem(key.public_key().pem());
    REQUIRE(again);
    REQUIRE(pub);
    CHECK(again->kid() == key.kid());
    CHECK(pub->kid() == key.kid());
    CHECK(key.kid().size() == 16);
    CHECK(pub->verify("m", again->sign("m")));
}

TEST_CASE("text that is no P-256 key is refused") {
    CHECK(VerifyKey::from_pem("").error() == AuthError::bad_key);
    CHECK(VerifyKey::from_pem(std::string(100'000, 'A')).error() == AuthError::bad_key);
    CHECK(VerifyKey::from_pem(kP384).error() == AuthError::bad_key);
    CHECK(SigningKey::from_pem(SigningKey::generate().public_key().pem()).error() == AuthError::bad_key);
    CHECK(SigningKey::load("/nonexistent/key.pem").error() == AuthError::bad_key);
}

TEST_CASE("a saved key can be read by its owner only and is made once") {
    const Temporary dir;
    const auto path = dir.file("relay-key.pem");
    const auto key = SigningKey::load_or_create(path);
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(SigningKey::load_or_create(path).kid() == key.kid());
    CHECK(dir.names() == std::vector<std::string>{"relay-key.pem"});
}

TEST_CASE("a damaged key file is a start-up fault, never replaced") {
    const Temporary dir;
    const auto path = dir.file("relay-key.pem");
    std::ofstream(path) << "-----BEGIN PRIVATE KEY-----\nMIGH";
    CHECK_THROWS_AS(SigningKey::load_or_create(path), std::runtime_error);
}

TEST_CASE("a certificate request hands over the public key it was signed with") {
    const auto key = SigningKey::generate();
    const auto content = read_csr(key.make_csr("n-510113-1"));
    REQUIRE(content);
    CHECK(content->key.kid() == key.kid());
    CHECK(content->common_name == "n-510113-1");
}

TEST_CASE("a certificate request that was changed is refused") {
    auto pem = SigningKey::generate().make_csr("n-510113-1");
    CHECK(read_csr("").error() == AuthError::bad_csr);
    CHECK(
        read_csr("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n").error() ==
        AuthError::bad_csr);
    auto& letter = pem[pem.find('\n') + 40];  // inside the name
    letter = letter == 'A' ? 'B' : 'A';
    CHECK_FALSE(read_csr(pem));
}

TEST_CASE("base64url is strict and has one spelling for each value") {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        CHECK(as_text(from_base64url(base64url(as_bytes(text))).value()) == text);
    CHECK(base64url(as_bytes("\xfb\xff")) == "-_8");
    for (const std::string_view bad : {"A", "Zg==", "Zh", "Zm9=", "Z+", "Z/", "Z g", "\xff\x80", "ZmA\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(from_base64url(bad));
    }
}

TEST_CASE("SHA-256 is the standard's") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(constant_time_equal("abc", "abc"));
    CHECK_FALSE(constant_time_equal("abc", "abd"));
    CHECK_FALSE(constant_time_equal("abc", "abcd"));
}
