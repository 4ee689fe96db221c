// A county with two classrooms and one of every kind of person and slot.
#pragma once
#include "common/time/format.hpp"
#include "player/rooms/bundle.hpp"

namespace tongke::player {

inline WallTime at(const std::string& clock) { return *parse_iso8601("2025-04-17T" + clock + ":00+08:00"); }

inline constexpr std::string_view kCountyJson = R"({
 "version":12,"issued":"2025-04-16T00:00:00.000Z","valid_until":"2025-04-23T00:00:00.000Z","node":"n-1",
 "county":{"code":"510113","name":"示例县"},
 "rooms":[{"id":"r1","name":"一号","networks":[],"teacher":"t1","contact":"张老师"},
          {"id":"r2","name":"二号","networks":["192.168.7.0/24","fd00:7::/32"],"teacher":"t2","contact":"李老师"},
          {"id":"r3","name":"三号","networks":[],"teacher":null,"contact":""}],
 "accounts":[{"account":"t1","name":"张","role":"teacher","rooms":["r1"],"password":"scrypt$x"},
             {"account":"t2","name":"李","role":"teacher","rooms":["r2"],"password":"scrypt$x"},
             {"account":"j1","name":"王","role":"technician","rooms":["r1"],"password":"scrypt$x"},
             {"account":"j2","name":"赵","role":"technician","rooms":["r2"],"password":"scrypt$x"},
             {"account":"it","name":"县","role":"county_it","rooms":["r1","r2","r3"],"password":"scrypt$x"}],
 "schedule":[{"id":"s2","kind":"lesson","title":"下午","begin":"2025-04-17T14:00:00+08:00","end":"2025-04-17T16:00:00+08:00","rooms":[]},
             {"id":"s1","kind":"lesson","title":"上午","begin":"2025-04-17T09:00:00+08:00","end":"2025-04-17T12:00:00+08:00","rooms":[]},
             {"id":"b1","kind":"break","title":"休息","begin":"2025-04-17T10:40:00+08:00","end":"2025-04-17T11:00:00+08:00","rooms":[]},
             {"id":"d1","kind":"debug","title":"调试","begin":"2025-04-17T16:30:00+08:00","end":"2025-04-17T18:00:00+08:00","rooms":["r1"]}],
 "streams":{"lesson":"main","test":"test"},"play_tokens":{"main":"M","test":"T"},
 "telemetry_window_s":5,"help_phone":"4001910910","later":{"unknown":true}})";

inline Bundle county() { return parse_bundle(kCountyJson).value(); }

}  // namespace tongke::player
