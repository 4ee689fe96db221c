#include "player/qoe/beacon.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::qoe;
using namespace std::chrono_literals;

namespace {

std::string sample(const std::string& now = "1000", const std::string& media = "1.5",
                   const std::string& buffered = "8") {
    return R"({"performance_now":)" + now + R"(,"media_time":)" + media + R"(,"presented":38,"buffered":)" +
           buffered +
           R"(,"visible":true,"paused":false,"current_time":1.52,"dropped":0,"media_pdt":1744768800123})";
}

std::string batch(const std::string& samples, const std::string& extra = "", const std::string& seq = "1",
                  const std::string& page = "p-1") {
    return R"({"page":")" + page + R"(","purpose":"lesson","seq":)" + seq +
           R"(,"sent_performance_now":2000,"samples":[)" + samples + "]" + extra + "}";
}

BeaconError refusal(const std::string& json) {
    const auto parsed = parse_beacon_batch(json);
    if (parsed) return BeaconError{};
    REQUIRE(parsed.error().category() == beacon_category());
    return static_cast<BeaconError>(parsed.error().value());
}

}  // namespace

TEST_CASE("a batch is read with all its members") {
    const auto b = parse_beacon_batch(batch(sample(), R"(,"marks":[{"name":"click","performance_now":12.5}],
        "fetches":[{"msn":7,"bytes":500000,"begin":100,"end":220.25,"stored":true}])"));
    REQUIRE(b);
    CHECK(b->page == "p-1");
    CHECK(b->samples[0].at == 1s);
    CHECK(*b->samples[0].media_time == 1'500ms);
    CHECK(*b->samples[0].media_pdt == 1744768800123);
    CHECK(b->marks[0].at == 12'500us);
    CHECK(b->fetches[0].end == 220'250us);
    CHECK(b->fetches[0].stored);
}

TEST_CASE("what is written is read again") {
    const auto first = parse_beacon_batch(batch(sample() + "," + sample("1200.125", "null"),
                                                R"(,"marks":[{"name":"append","performance_now":3}])"));
    REQUIRE(first);
    const auto second = parse_beacon_batch(to_json(*first));
    REQUIRE(second);
    CHECK(to_json(*second) == to_json(*first));
    CHECK(second->samples[1].at == 1'200'125us);
    CHECK_FALSE(second->samples[1].media_time.has_value());
}

TEST_CASE("hostile batches are refused with their reason") {
    struct Row {
        std::string json;
        BeaconError why;
    };
    const std::vector<Row> rows{
        {"", BeaconError::not_json},
        {"[]", BeaconError::not_json},
        {"{\"page\":", BeaconError::not_json},
        {std::string(kMaxBeaconBytes + 1, ' '), BeaconError::too_large},
        {std::string(2000, '['), BeaconError::not_json},
        {batch(sample("NaN")), BeaconError::not_json},
        {batch(sample("1e400")), BeaconError::bad_number},
        {batch(sample("-1")), BeaconError::bad_number},
        {batch(sample("1e15")), BeaconError::bad_number},
        {batch(sample("\"1000\"")), BeaconError::wrong_type},
        {batch(sample("1000", "-0.5")), BeaconError::bad_number},
        {batch(sample("1000", "1.5", "-8")), BeaconError::bad_number},
        {batch(sample("1000", "1.5", "1e9")), BeaconError::bad_number},
        {batch(sample("1000", "1.5", "null")), BeaconError::wrong_type},
        {batch(sample("5000")), BeaconError::clock_ahead_of_sending},
        {batch(sample("1500") + "," + sample("1000")), BeaconError::clock_went_back},
        {batch("7"), BeaconError::wrong_type},
        {batch("{}"), BeaconError::missing_member},
        {batch(sample(), "", "0"), BeaconError::bad_sequence},
        {batch(sample(), "", "1.5"), BeaconError::bad_sequence},
        {batch(sample(), "", "-3"), BeaconError::bad_number},
        {batch(sample(), "", "1", ""), BeaconError::bad_page_id},
        {batch(sample(), "", "1", "a b"), BeaconError::bad_page_id},
        {batch(sample(), "", "1", std::string(65, 'a')), BeaconError::bad_page_id},
        {batch(sample(), R"(,"marks":[{"name":"boom","performance_now":1}])"), BeaconError::unknown_name},
        {batch(sample(), R"(,"marks":{})"), BeaconError::wrong_type},
        {batch(sample(), R"(,"fetches":[{"msn":1,"bytes":1,"begin":9,"end":1,"stored":true}])"),
         BeaconError::clock_went_back},
        {batch(sample(), R"(,"fetches":[{"msn":1,"bytes":1,"begin":1,"end":9000,"stored":true}])"),
         BeaconError::clock_ahead_of_sending},
    };
    for (const auto& row : rows) {
        INFO(row.json.substr(0, 200));
        CHECK(refusal(row.json) == row.why);
    }
    std::string many;
    for (int i = 0; i <= 600; ++i) many += (i ? "," : "") + sample();
    CHECK(refusal(batch(many)) == BeaconError::too_many);
}

TEST_CASE("each reason has its own word") {
    CHECK(reason_word(BeaconError::clock_went_back) == "clock_went_back");
    CHECK(reason_word(BeaconError::unknown_name) == "unknown_name");
    CHECK(reason_word(boost::system::errc::make_error_code(boost::system::errc::timed_out)) == "internal");
}
