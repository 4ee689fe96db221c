// The JSON that both sites' HTTP APIs speak (docs/openapi.yaml describes the
// same). Times are ISO 8601 in UTC with milliseconds; durations are seconds.
// null means "cannot be measured now", which is never the same as 0.

export type StateCode =
  | 'not_due' | 'due_not_started' | 'playing' | 'low_buffer' | 'stalled'
  | 'offline' | 'never_enrolled' | 'out_of_slot' | 'testing';
export type Hop = 'encoder' | 'relay_node' | 'node' | 'node_pc' | 'pc' | 'unknown';
export type StallClass = 'short' | 'long' | 'outage';
export type Role =
  | 'teacher' | 'technician' | 'county_it' | 'city' | 'province' | 'operator'
  | 'system_admin' | 'security_admin' | 'audit_admin';

/** application/problem+json; `detail` is Chinese and says what to do next. */
export interface Problem {
  type: string; title: string; status: number; code: string; detail: string;
  next?: string;       // outside_schedule, outside_window: when it opens
  take_over?: string;  // already_controlled: send back to take over
}

/** POST /api/v1/session {account, password} → 200; GET → 200 or 401 not_logged_in; DELETE → 204. */
export interface Session { account: string; name: string; role: Role; rooms: string[]; county: string | null }

export interface Slot { id: string; kind: 'lesson' | 'debug' | 'break' | 'discussion'; title: string; begin: string; end: string }
export interface May { allowed: boolean; code?: string; detail?: string; next?: string }

export interface Stall { begin: string; end: string | null; seconds: number; class: StallClass; hop: Hop; share: number | null }

/** Player: GET /api/v1/rooms/ROOM (班主任, technician of the room; county IT) */
export interface RoomView {
  room: { id: string; name: string; county: { code: string; name: string } };
  now: string;                       // the node's clock
  state: StateCode; state_word: string; state_since: string;
  slot: Slot | null;                 // what the schedule says now
  next_slot: Slot | null;
  debug_window: Slot | null;         // open now
  next_debug_window: Slot | null;
  playback: {
    started: boolean; started_at: string | null; by: string | null;
    yours: boolean;                  // this session holds the lease
    playlist: string;                // /rooms/ROOM/hls/index.m3u8
  };
  may: { start: May; stop: May; test: May };
  buffer: { pc_s: number | null; node_s: number | null; target_s: number };
  latency: { seconds: number | null; bound_s: number | null };
  upstream: { transport: 'hls' | 'rtmp'; connected: boolean; stalled_since: string | null };
  stalls: { count: number; seconds: number; open: Stall | null; last: Stall | null };
  last_test: { id: string; verdict: Verdict; at: string } | null;
  help: { phone: string; room_code: string };
}

/** Player: GET /api/v1/rooms → {now, rooms: RoomSummary[]}; relay: the same for the caller's scope. */
export interface RoomSummary {
  id: string; name: string; county: { code: string; name: string }; site: string;
  state: StateCode; state_word: string; since: string | null;
  buffer_s: number | null; target_s: number;
  buffer_history: (number | null)[]; // one a 10 s cell (its minimum), oldest first, ≤ 60
  minutes_since_start: number | null;
  stalls: { count: number; seconds: number };
  open_stall: Stall | null;
  last_stall: Stall | null;
  last_test: { verdict: Verdict; at: string } | null;
  advice: string;                    // one Chinese sentence: what it is, whom to call; "" when fine
  contact: string;                   // name of the person to ring (no phone in sample data)
}
export interface RoomList { now: string; sentence: string; rooms: RoomSummary[] }

/** Relay: GET /api/v1/streams (operator) → {streams: SourceStream[]} */
export interface Advisory {
  code: string; text: string;        // what it is and what to look at, in Chinese
  level: 'notice' | 'warning' | 'alarm';
  since: string; until: string | null;
}
export interface SourceStream {
  name: string; live: boolean; slate: 'none' | 'ready' | 'on';
  publisher: { address: string; client: string; source: 'primary' | 'backup'; since: string } | null;
  width: number; height: number; bitrate_bps: number; fps: number; keyframe_interval_s: number;
  b_frames: boolean; av_skew_s: number | null;
  frame_gaps: { worst_s: number };
  subscribers: { rtmp: number; hls: number };
  advisories: Advisory[];
  past_advisories: Advisory[];       // the newest first
}

/** GET /api/v1/rooms/ROOM/events?after=CURSOR → {events, next}; cursor = "BOOT:SEQ" or "" */
export interface RoomEvent {
  node: string; boot: string; seq: number; room: string;
  type: 'stall_begin' | 'stall_end' | 'freeze' | 'playback_start' | 'playback_stop' | 'test_result' | 'upstream_lost' | 'upstream_back';
  begin: string; end: string | null; seconds: number | null; class: StallClass | null;
  hop: Hop; share: number | null; qoe_version: string;
}

/** POST /api/v1/rooms/ROOM/playback; answer 200 with the RoomView. */
export interface PlaybackRequest { action: 'start' | 'stop'; reason?: string; take_over?: string }

/** POST /api/v1/rooms/ROOM/beacons: raw samples at 5 Hz; 204 once on disk. */
export interface Sample {
  performance_now: number;   // ms, the page's monotonic clock
  media_time: number | null; // s, mediaTime of the newest presented frame (requestVideoFrameCallback)
  presented: number;         // presentedFrames so far
  buffered: number;          // s of media ahead of the playhead, contiguous, min(audio, video)
  visible: boolean;
  paused: boolean;
  current_time: number;      // s, the playhead
  dropped: number;           // droppedVideoFrames so far
  media_pdt?: number | null; // unix ms of the frame at media_time, from PROGRAM-DATE-TIME
}
export interface BeaconBatch {
  page: string;              // random id of this page load
  purpose: 'lesson' | 'test';
  seq: number;               // batches counted from 1; resent until acknowledged
  sent_performance_now: number;
  samples: Sample[];
  marks?: { name: 'click' | 'rights' | 'playlist' | 'first_byte' | 'append' | 'first_frame'; performance_now: number }[];
  fetches?: { msn: number; bytes: number; begin: number; end: number; stored: boolean }[]; // performance_now ms
}

export type Verdict = 'passed' | 'conditional' | 'failed' | 'incomplete';
/** POST /api/v1/rooms/ROOM/tests {minutes} → 201 {id}; GET …/tests → {tests}; GET …/tests/ID */
export interface LiveTest {
  id: string; room: string; room_name: string;
  started_by: string | null;  // both people by name; from the terminal, null
  attended_by: string | null;
  scope: 'page' | 'node';
  state: 'running' | 'finished' | 'aborted';
  begin: string; end: string | null; minutes: number; seconds_left: number;
  verdict: Verdict | null;
  reasons: { code: string; text: string; next: string }[];
  measures: {
    startup_s: number | null; stalls: number; stalled_s: number; buffer_min_s: number | null;
    throughput_ratio_p10: number | null;          // the worse hop
    throughput_ratio_relay_node: number | null; throughput_ratio_node_pc: number | null;
    bitrate_bps: number | null; dropped_ratio: number | null; freezes: number | null;
    latency_s: number | null; required_latency_s: number | null;
    stall_curve: { latency_s: number; stalls: number; stalled_s: number }[]; // the virtual players
  };
  confidence: string;         // 「8 分钟无卡顿：每小时卡顿不超过 22.5 次（95%）」
  qoe_version: string;
  playlist: string;           // /rooms/ROOM/test/hls/index.m3u8
}
