// Rooms, accounts and sentences that the mock answers with. Invented people.
const minutes = (n) => n * 60_000;
export const iso = (ms) => new Date(ms).toISOString();
export const kCounty = { code: '510113', name: '示例县' };
export const kRoom = { id: '510113-02', name: '示例县城关第三小学', county: kCounty };
export const kHelp = { phone: '4001910910', room_code: '510113-02' };

export const kAccounts = {
  teacher: { account: 't510113-02', password: 'right-1234', name: '李老师', role: 'teacher', rooms: ['510113-02'], county: '510113' },
  technician: { account: 'j510113-02', password: 'right-1234', name: '赵工', role: 'technician', rooms: ['510113-02'], county: '510113' },
  county_it: { account: 'it510113', password: 'right-1234', name: '县技术员', role: 'county_it', rooms: [], county: '510113' },
  operator: { account: 'operator', password: 'right-1234', name: '值班员', role: 'operator', rooms: [], county: null },
  auditor: { account: 'auditadmin', password: 'right-1234', name: '审计管理员', role: 'audit_admin', rooms: [], county: null },
};

export const slot = (kind, title, begin, end) => ({ id: `${kind}-1`, kind, title, begin: iso(begin), end: iso(end) });
export const lesson = () => slot('lesson', '开班式与第一讲', Date.now() - minutes(20), Date.now() + minutes(100));
export const debug = () => slot('debug', '直播调试', Date.now() - minutes(60), Date.now() + minutes(240));

const kWords = {
  not_due: '未到时间', due_not_started: '应播未播', playing: '播放正常', low_buffer: '缓存偏低', stalled: '停顿',
  offline: '失联', never_enrolled: '未启用', out_of_slot: '时段外播放', testing: '测试中',
};
export const word = (state) => kWords[state];

const kNames = ['教师发展中心', '城关第一小学', '城关第二小学', '城关第三小学', '实验小学', '第一中学', '第二中学', '河东小学', '河西小学', '柳林镇中心小学', '石桥镇中心小学',
  '青山镇中心小学', '高桥镇中心小学', '三河镇九年一贯制学校', '大庙镇中心小学', '新店镇中心小学', '双溪镇中心小学', '民族中学', '职业技术学校', '特殊教育学校'];
const kStates = { 3: 'stalled', 4: 'low_buffer', 8: 'low_buffer', 11: 'offline', 13: 'due_not_started', 15: 'out_of_slot', 17: 'testing', 18: 'not_due', 19: 'never_enrolled' };
const kVerdicts = ['passed', 'passed', 'conditional', 'failed', 'incomplete'];

function history(state, i) {
  if (state === 'never_enrolled' || state === 'not_due' || state === 'due_not_started') return [];
  return Array.from({ length: 60 }, (_, k) => {
    const normal = 8.6 + Math.sin(k / 3 + i) * 0.7;
    if (state === 'offline') return k > 40 ? null : normal;
    if (state === 'stalled') return k < 52 ? normal : Math.max(0, 8 - (k - 52) * 1.6);
    if (state === 'low_buffer') return k < 50 ? normal : Math.max(2.6, 8 - (k - 50) * 0.7);
    return i === 2 && k > 20 && k < 26 ? null : normal;
  });
}

/** Twenty rooms in every state there is. */
export function countyRooms(now = Date.now()) {
  return kNames.map((name, i) => {
    const state = kStates[i] ?? 'playing';
    const cells = history(state, i);
    const buffer = cells.length ? cells[cells.length - 1] : null;
    const on = ['playing', 'low_buffer', 'stalled', 'out_of_slot', 'testing'].includes(state);
    const open = state === 'stalled' ? { begin: iso(now - 43_000), end: null, seconds: 43, class: 'outage', hop: 'node_pc', share: 0.92 } : null;
    return {
      id: `510113-${String(i + 1).padStart(2, '0')}`, name: `示例县${name}`, county: kCounty, site: 'n-510113-1',
      state, state_word: kWords[state], since: iso(now - minutes(3)), buffer_s: buffer, target_s: 8, buffer_history: cells,
      minutes_since_start: on ? 78 + i / 3 : null, stalls: state === 'stalled' ? { count: 2, seconds: 49.4 } : { count: 0, seconds: 0 },
      open_stall: open, last_stall: open, last_test: i % 6 === 5 ? null : { verdict: kVerdicts[i % 5], at: iso(now - minutes(600)) },
      advice: state === 'stalled' ? '停顿 43 秒，原因在校内网（无线网）。请给 赵工 打电话：换有线。' : '', contact: i === 3 ? '赵工' : '',
    };
  });
}

export const sentence = '20 室：11 正常 · 2 缓存偏低 · 1 停顿 · 1 失联 · 1 应播未播 — 请先联系 城关第三小学（停顿 00:43，校内网）';

export function roomEvents(room, now = Date.now()) {
  const event = (seq, type, begin, seconds, cls, hop, share) => ({
    node: 'n-510113-1', boot: '5d1c', seq, room, type, begin: iso(begin), end: type === 'stall_end' ? iso(begin + seconds * 1000) : null, seconds, class: cls, hop, share, qoe_version: '1',
  });
  const first = now - minutes(31), second = now - 43_000;
  return [
    event(1, 'stall_begin', first, 0.5, 'short', 'relay_node', 0.7), event(2, 'stall_end', first, 6.4, 'long', 'relay_node', 0.88),
    event(3, 'stall_begin', second, 0.5, 'short', 'node_pc', 0.92),
  ];
}

export function finishedTest(id, over = {}) {
  const begin = Date.now() - minutes(9);
  return {
    id, room: kRoom.id, room_name: kRoom.name, started_by: '李老师', attended_by: '赵工', scope: 'page', state: 'finished',
    begin: iso(begin), end: iso(begin + minutes(8)), minutes: 8, seconds_left: 0, verdict: 'passed', reasons: [],
    measures: {
      startup_s: 0.82, stalls: 0, stalled_s: 0, buffer_min_s: 7.9, throughput_ratio_p10: 14.2, throughput_ratio_relay_node: 14.2, throughput_ratio_node_pc: 38.5,
      bitrate_bps: 2_540_000, dropped_ratio: 0.0004, freezes: 0, latency_s: 10.1, required_latency_s: 1.4,
      stall_curve: [[2, 1, 0.4], [4, 0, 0], [8, 0, 0], [16, 0, 0], [30, 0, 0], [60, 0, 0]].map(([latency_s, stalls, stalled_s]) => ({ latency_s, stalls, stalled_s })),
    },
    confidence: '8 分钟无卡顿：每小时卡顿不超过 22.5 次（95%）', qoe_version: '1', playlist: `/rooms/${kRoom.id}/test/hls/index.m3u8`, ...over,
  };
}

export const failedTest = (id) => finishedTest(id, {
  verdict: 'failed', attended_by: null,
  reasons: [
    { code: 'throughput', text: '可用带宽只有码率的 0.81 倍，低于 1.1 倍。', next: '请改用网线，或换一条出口线路，再测一次。' },
    { code: 'stalls', text: '8 分钟内停顿 3 次，共 9.4 秒。', next: '请联系县技术检查上行线路。' },
  ],
});

const advisory = (code, level, text, since, until = null) => ({ code, level, text, since: iso(since), until: until && iso(until) });
const source = (name, over) => ({
  name, live: true, slate: 'ready', publisher: { address: '192.0.2.7', client: 'FMLE/3.0', source: 'primary', since: iso(Date.now() - minutes(50)) },
  width: 1280, height: 720, bitrate_bps: 2_480_000, fps: 25, keyframe_interval_s: 2, b_frames: false, av_skew_s: 0.02, frame_gaps: { worst_s: 0.1 },
  subscribers: { rtmp: 12, hls: 3 }, advisories: [], past_advisories: [], ...over,
});
/** GET /api/v1/streams: the lesson's encoder is in trouble, nobody sends the test stream. */
export const sources = (now = Date.now()) => [
  source('main', {
    advisories: [advisory('frozen', 'notice', '画面不动了，请检查摄像机和编码器；正在放幻灯片时可以不理会', now - minutes(2)), advisory('silence', 'alarm', '没有声音，请检查话筒、调音台和编码器的音频输入', now - 43_000)],
    past_advisories: [advisory('black', 'notice', '画面是黑的，请检查摄像机和它的接线', now - minutes(9), now - minutes(9) + 5000)],
  }),
  source('test', { live: false, publisher: null, width: 0, height: 0, bitrate_bps: 0, fps: 0, keyframe_interval_s: 0, frame_gaps: { worst_s: 0 }, subscribers: { rtmp: 0, hls: 0 } }),
];
