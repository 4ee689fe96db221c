#include "relay/stream/publishers.hpp"

#include "tests/support/catch.hpp"

using namespace tongke;
using namespace tongke::relay;
using namespace std::chrono_literals;
using Verdict = Publishers::Verdict;

namespace {

struct Stage {
    Publishers publishers;
    SteadyTime now{1h};
    int replaced = 0;
    bool on_air = true;

    Publication begin(bool backup = false) {
        PublisherInfo who;
        who.backup = backup;
        return publishers.begin(
            who, [this] { ++replaced; }, now);
    }
    /// Where the stream has had a picture, of a source that has left.
    Publication begin_after_a_picture(bool still_on_air) {
        const auto first = begin();
        key(first);
        publishers.end(first.id);
        on_air = still_on_air;
        return begin();
    }
    Verdict key(const Publication& p) { return publishers.judge(p.id, TrackKind::video, true, now, on_air); }
    Verdict picture(const Publication& p) {
        return publishers.judge(p.id, TrackKind::video, false, now, on_air);
    }
    Verdict sound(const Publication& p) {
        return publishers.judge(p.id, TrackKind::audio, false, now, on_air);
    }
};

}  // namespace

TEST_CASE("the same key again takes over at once and the old connection is told") {
    Stage s;
    const auto first = s.begin();
    CHECK(s.key(first) == Verdict::take_as_new_source);
    const auto second = s.begin();
    CHECK(s.replaced == 1);
    CHECK(s.picture(first) == Verdict::drop);
    CHECK(s.key(second) == Verdict::take_as_new_source);
    CHECK(s.picture(second) == Verdict::take);
}

TEST_CASE("a third take-over within 30 s is refused and raises the advisory") {
    Stage s;
    s.begin();
    s.begin();
    s.now += 5s;
    const auto third = s.begin();
    CHECK(third.id != 0);
    s.now += 5s;
    const auto refused = s.begin();
    CHECK(refused.id == 0);
    CHECK(refused.refusal == PublishRefusal::two_encoders);
    CHECK(s.key(third) == Verdict::take_as_new_source);  // undisturbed
    CHECK(s.publishers.two_encoders(s.now));
    s.now += 31s;
    CHECK(s.begin().id != 0);
    s.now += 60s;
    CHECK_FALSE(s.publishers.two_encoders(s.now));
}

TEST_CASE("two encoders that fight on take turns twice, not twice every 30 s") {
    Stage s;
    s.begin();
    for (int i = 0; i < 60; ++i) {
        s.now += 1s;
        s.begin();
    }
    CHECK(s.replaced == 2);
}

TEST_CASE("coming back after the connection has gone is no take-over") {
    Stage s;
    for (int i = 0; i < 10; ++i) {
        const auto p = s.begin();
        REQUIRE(p.id != 0);
        s.publishers.end(p.id);
    }
    CHECK(s.replaced == 0);
}

TEST_CASE("a source begins with a keyframe, and sound before it only where the stream begins") {
    Stage s;
    const auto first = s.begin();
    CHECK(s.sound(first) == Verdict::take_as_new_source);
    CHECK(s.picture(first) == Verdict::drop);
    CHECK(s.key(first) == Verdict::take);
    const auto second = s.begin();
    CHECK(s.sound(second) == Verdict::drop);
    CHECK(s.picture(second) == Verdict::drop);
    CHECK(s.key(second) == Verdict::take_as_new_source);
    CHECK(s.sound(second) == Verdict::take);
}

TEST_CASE("sound alone begins a source where nothing is on the air and no picture comes") {
    Stage s;
    const auto second = s.begin_after_a_picture(false);
    for (int i = 0; i < 100; ++i, s.now += 100ms) {
        CHECK(s.sound(second) == Verdict::drop);
        CHECK_FALSE(s.publishers.sound_alone(s.now));
    }
    CHECK(s.publishers.sound_alone(s.now));
    s.on_air = true;  // something stands in
    CHECK(s.sound(second) == Verdict::drop);
    s.on_air = false;
    CHECK(s.sound(second) == Verdict::take_as_new_source);
    CHECK_FALSE(s.publishers.sound_alone(s.now));
    s.on_air = true;
    CHECK(s.sound(second) == Verdict::take);
    CHECK(s.picture(second) == Verdict::drop);
    CHECK(s.key(second) == Verdict::take);
    CHECK(s.picture(second) == Verdict::take);
}

TEST_CASE("an encoder that begins in the middle of a group of pictures is not sound alone") {
    Stage s;
    const auto second = s.begin_after_a_picture(false);
    for (int i = 0; i < 300; ++i, s.now += 40ms) {
        CHECK(s.sound(second) == Verdict::drop);
        CHECK(s.picture(second) == Verdict::drop);
        CHECK_FALSE(s.publishers.sound_alone(s.now));
    }
    CHECK(s.key(second) == Verdict::take_as_new_source);
}

TEST_CASE("sound alone on the air gives way to a backup that has a picture") {
    Stage s;
    const auto second = s.begin_after_a_picture(false);
    for (int i = 0; i < 110; ++i, s.now += 100ms) s.sound(second);
    s.on_air = true;
    CHECK(s.sound(second) == Verdict::take);
    const auto backup = s.begin(true);
    CHECK(s.picture(backup) == Verdict::stand_by);
    CHECK(s.key(backup) == Verdict::take_over);
    CHECK(s.sound(second) == Verdict::stand_by);
    CHECK_FALSE(s.publishers.sound_alone(s.now));
}

TEST_CASE("a source of which nothing can be shown leaves the place to the one standing by") {
    Stage s;
    const auto second = s.begin_after_a_picture(true);
    const auto backup = s.begin(true);
    for (int i = 0; i < 15; ++i, s.now += 100ms) {
        s.sound(second);
        s.picture(second);
        CHECK(s.key(backup) == Verdict::stand_by);
    }
    CHECK(s.picture(backup) == Verdict::take_over);
}

TEST_CASE("the backup stands by and goes on from its last keyframe within 2 s of silence") {
    Stage s;
    const auto primary = s.begin();
    const auto backup = s.begin(true);
    CHECK(s.replaced == 0);
    CHECK(s.key(primary) == Verdict::take_as_new_source);
    s.now += 1s;
    CHECK(s.key(backup) == Verdict::stand_by);
    s.now += 499ms;
    CHECK(s.picture(backup) == Verdict::stand_by);
    s.now += 1ms;
    CHECK(s.picture(backup) == Verdict::take_over);
    CHECK(s.publishers.source()->backup);
    CHECK(s.picture(backup) == Verdict::take);
    CHECK(s.key(primary) == Verdict::stand_by);  // back only when the backup fails
    s.now += 2s;
    CHECK(s.picture(primary) == Verdict::take_over);
}

TEST_CASE("a backup that has sent no keyframe yet is waited for") {
    Stage s;
    const auto primary = s.begin();
    s.key(primary);
    const auto backup = s.begin(true);
    s.now += 2s;
    CHECK(s.picture(backup) == Verdict::stand_by);
    CHECK(s.sound(backup) == Verdict::stand_by);
    CHECK(s.key(backup) == Verdict::take_over);
    CHECK(s.picture(backup) == Verdict::take);
    // What it sent cannot be shown after all.
    s.publishers.wait_for_keyframe();
    CHECK(s.picture(backup) == Verdict::drop);
    CHECK(s.key(backup) == Verdict::take_as_new_source);
}

TEST_CASE("when the source leaves, the one standing by goes on, from its last keyframe where it has one") {
    const bool early = GENERATE(false, true);
    Stage s;
    const auto primary = s.begin();
    s.key(primary);
    const auto backup = s.begin(true);
    if (early) s.key(backup);
    CHECK(s.publishers.end(primary.id) == (early ? backup.id : 0));
    CHECK_FALSE(s.publishers.empty());
    if (!early) CHECK(s.picture(backup) == Verdict::drop);
    CHECK(s.key(backup) == (early ? Verdict::take : Verdict::take_as_new_source));
    CHECK(s.publishers.end(backup.id) == 0);
    CHECK(s.publishers.empty());
}

TEST_CASE("the operator's choice goes on at the next keyframe, and only if it is connected") {
    Stage s;
    const auto primary = s.begin();
    s.key(primary);
    CHECK_FALSE(s.publishers.prefer(true));
    const auto backup = s.begin(true);
    CHECK(s.publishers.prefer(true));
    CHECK(s.picture(backup) == Verdict::stand_by);
    CHECK(s.key(backup) == Verdict::take_over);
    CHECK(s.key(primary) == Verdict::stand_by);
    CHECK(s.publishers.prefer(true));  // it is already
}

TEST_CASE("the operator's choice is of the backup that is there, not of one that comes hours later") {
    Stage s;
    const auto primary = s.begin();
    s.key(primary);
    const auto silent = s.begin(true);
    CHECK(s.publishers.prefer(true));
    s.publishers.end(silent.id);
    const auto later = s.begin(true);
    CHECK(s.key(later) == Verdict::stand_by);
}

TEST_CASE("the relay's own test channel gives way to an encoder, also to a backup, without a quarrel") {
    const bool backup = GENERATE(false, true);
    Stage s;
    for (int round = 0; round < 5; ++round) {
        PublisherInfo own;
        own.generated = true;
        const auto channel = s.publishers.begin(
            own, [&] { ++s.replaced; }, s.now);
        CHECK(s.key(channel) == Verdict::take_as_new_source);
        const auto encoder = s.begin(backup);
        REQUIRE(encoder.id != 0);
        CHECK(s.replaced == round + 1);
        CHECK(s.key(channel) == Verdict::drop);
        CHECK(s.key(encoder) == Verdict::take_as_new_source);
        s.publishers.end(encoder.id);
    }
    CHECK_FALSE(s.publishers.two_encoders(s.now));
    CHECK(s.publishers.empty());
}
