#include "relay/stream/stream_parts.hpp"

namespace tongke::relay {

StreamMetrics::StreamMetrics(metrics::Metrics& metrics, const std::string& stream)
    : publisher_up(metrics.gauge("tongke_stream_publisher_up", "1 while a publisher is connected",
                                 {{"stream", stream}})),
      received_bytes(metrics.counter("tongke_stream_received_bytes_total", "media bytes from publishers",
                                     {{"stream", stream}})),
      frames{&metrics.counter("tongke_stream_frames_total", "frames taken into the stream",
                              {{"stream", stream}, {"track", "video"}}),
             &metrics.counter("tongke_stream_frames_total", "frames taken into the stream",
                              {{"stream", stream}, {"track", "audio"}})},
      gap_seconds(metrics.histogram("tongke_stream_gap_seconds", "time between arriving video frames",
                                    {0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30})),
      subscribers{&metrics.gauge("tongke_subscribers", "players connected now",
                                 {{"stream", stream}, {"transport", "rtmp"}}),
                  &metrics.gauge("tongke_subscribers", "players connected now",
                                 {{"stream", stream}, {"transport", "hls"}})},
      repairs(metrics.counter("tongke_stream_timestamp_repairs_total",
                              "frames moved to keep the timeline continuous", {{"stream", stream}})),
      slate(metrics.gauge("tongke_stream_slate", "1 while the slate stands in for a lost publisher",
                          {{"stream", stream}})) {}

}  // namespace tongke::relay
