#include "common/signal/time_code.hpp"

#include <algorithm>
#include <random>

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::signal;

namespace {

constexpr std::int64_t kMorning = 1'744'768'800'000;  // 2025-04-16 10:00 Asia/Shanghai

std::vector<std::uint8_t> luma_of(const Picture& picture) {
    const auto view = picture.luma();
    return {view.data, view.data + view.stride * view.height};
}

/// The mean of each square of `by` pixels, as a scaler makes it.
std::vector<std::uint8_t> shrunk(const LumaView& from, int by) {
    std::vector<std::uint8_t> out;
    for (int y = 0; y + by <= from.height; y += by)
        for (int x = 0; x + by <= from.width; x += by) {
            int sum = 0;
            for (int i = 0; i < by * by; ++i) sum += from.data[(y + i / by) * from.stride + x + i % by];
            out.push_back(static_cast<std::uint8_t>(sum / (by * by)));
        }
    return out;
}

}  // namespace

TEST_CASE("what is painted is read, at every size that is played") {
    const auto size = GENERATE(std::pair{1280, 720}, std::pair{1920, 1080}, std::pair{854, 480},
                               std::pair{640, 360}, std::pair{426, 240}, std::pair{320, 180});
    const TimeCode code =
        GENERATE(TimeCode{0, 0}, TimeCode{1, kMorning}, TimeCode{0xFFFFFFFF, (1LL << 42) - 1},
                 TimeCode{0xA5A5A5A5, 0x155'5555'5555});
    Picture picture(size.first, size.second);
    picture.fill({0, 0, size.first, size.second}, {126, 128, 128});
    paint_time_code(picture, code);
    CHECK(read_time_code(picture.luma()) == code);
}

TEST_CASE("the cells are where the header says, so that others can read them") {
    const auto cells = code_cells({0x80000001, 5});
    CHECK(cells[0]);
    CHECK_FALSE(cells[1]);
    CHECK(cells[2]);   // the number's first bit
    CHECK(cells[33]);  // and its last
    CHECK(cells[73]);  // UTC: …101
    CHECK_FALSE(cells[74]);
    CHECK(cells[75]);
    CHECK_FALSE(cells[76]);  // version 1
    CHECK(cells[77]);
    CHECK_FALSE(cells[94]);
    CHECK(cells[95]);
}

TEST_CASE("a bar that is shrunk, dimmed and noisy is still read") {
    const int by = GENERATE(2, 3, 4);
    Picture picture(1280, 720);
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) {
        const TimeCode code{static_cast<std::uint32_t>(random()), kMorning + i * 40};
        paint_time_code(picture, code);
        auto small = shrunk(picture.luma(), by);
        for (auto& pixel : small)
            pixel = static_cast<std::uint8_t>(
                std::clamp(60 + pixel / 3 + static_cast<int>(random() % 41) - 20, 0, 255));
        CHECK(read_time_code({small.data(), 1280 / by, 720 / by, 1280 / by}) == code);
    }
}

TEST_CASE("a single wrong cell is noticed, wherever it is") {
    const auto whole = code_cells({123'456, kMorning});
    REQUIRE(code_from_cells(whole) == TimeCode{123'456, kMorning});
    for (std::size_t i = 0; i < whole.size(); ++i) {
        auto broken = whole;
        broken[i] = !broken[i];
        CHECK_FALSE(code_from_cells(broken));
    }
}

TEST_CASE("two pictures blended into one are neither") {
    Picture first(1280, 720), second(1280, 720);
    paint_time_code(first, {1000, kMorning});
    paint_time_code(second, {1001, kMorning + 40});
    const auto a = luma_of(first), b = luma_of(second);
    auto blend = a;
    for (std::size_t i = 0; i < a.size(); ++i) blend[i] = static_cast<std::uint8_t>((a[i] + b[i]) / 2);
    const auto read = read_time_code({blend.data(), 1280, 720, 1280});
    // A tie goes to black: what comes of it does not pass the CRC.
    CHECK_FALSE(read);
}

TEST_CASE("no bar is found where there is none") {
    CHECK_FALSE(read_time_code({}));
    Picture plain(1280, 720);
    CHECK_FALSE(read_time_code(plain.luma()));
    plain.fill({0, 0, 1280, 720}, kWhite);
    CHECK_FALSE(read_time_code(plain.luma()));
    Picture tiny(30, 20);
    CHECK_FALSE(read_time_code(tiny.luma()));
    std::mt19937 random(3);
    std::vector<std::uint8_t> noise(640 * 360);
    for (int i = 0; i < 200; ++i) {
        for (auto& pixel : noise) pixel = static_cast<std::uint8_t>(random());
        CHECK_FALSE(read_time_code({noise.data(), 640, 360, 640}));
    }
}
