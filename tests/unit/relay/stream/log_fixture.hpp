// A log filled by hand, and its bytes read back as RTMP messages.
#pragma once
#include "common/rtmp/chunk_reader.hpp"
#include "relay/stream/preface.hpp"
#include "relay/stream/wire_cursor.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/media.hpp"

namespace tongke::relay {

struct LogFixture {
    explicit LogFixture(LogBounds bounds = {}, std::size_t block_bytes = 4096)
        : writer(block_bytes), log(bounds), setup(std::make_shared<StreamSetup>()) {
        setup = std::make_shared<StreamSetup>(StreamSetup{test::video_track(), test::audio_track()});
    }
    /// Appends a video frame, 40 ms after the one before.
    void add(bool keyframe, std::size_t size = 100) {
        Frame frame;
        frame.keyframe = keyframe;
        frame.number = next_number++;
        frame.dts_ms = dts_ms += 40;
        frame.payload = share(test::video_tag(keyframe, static_cast<std::uint32_t>(frame.number), size));
        if (keyframe) frame.opens_segment = SegmentMark{"abc", frame.number, 0, false};
        const auto written = writer.append(frame, setup);
        log.append(written.entry, written.block);
    }
    void add_gop(int frames, std::size_t size = 100) {
        for (int i = 0; i < frames; ++i) add(i == 0, size);
    }

    WireWriter writer;
    WireLog log;
    SharedSetup setup;
    std::int64_t next_number = 1000;
    std::int64_t dts_ms = 0;
};

/// Everything the cursor has to send, in pieces of at most `piece` bytes.
inline std::vector<rtmp::Message> drain(WireCursor& cursor, const WireLog& log,
                                        std::size_t piece = SIZE_MAX) {
    rtmp::ChunkReader reader;
    std::vector<rtmp::Message> messages;
    const Bytes set_chunk_size{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0x10, 0, 0};
    REQUIRE(!reader.feed(set_chunk_size, messages));
    for (auto bytes = cursor.peek(log); !bytes.empty(); bytes = cursor.peek(log)) {
        const auto part = bytes.first(std::min(piece, bytes.size()));
        REQUIRE(!reader.feed(part, messages));
        cursor.consume(log, part.size());
    }
    return messages;
}

/// Numbers of the video frames among the messages.
inline std::vector<std::int64_t> frames_of(const std::vector<rtmp::Message>& messages) {
    std::vector<std::int64_t> numbers;
    for (const auto& message : messages)
        if (message.type == rtmp::MessageType::video && message.payload[1] == 1)
            numbers.push_back(test::id_of(TrackKind::video, message.payload));
    return numbers;
}

inline std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> numbers;
    for (auto n = first; n <= last; ++n) numbers.push_back(n);
    return numbers;
}

}  // namespace tongke::relay
