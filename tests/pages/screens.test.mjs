import test from 'node:test';
import assert from 'node:assert/strict';
import { load } from './load.mjs';

const { faceOf, sentence, refusal, shownState, stripFor, latencyText, facts, byTrouble, merged, stallsOf, stallsSoFar, runs, scaleTop, browserLine, screenLine, clockLine } = await load(
  'player/ui/teacher/face', 'player/ui/teacher/trouble', 'common/ui/board/order', 'common/ui/sparkline', 'player/ui/livetest/quick_check');

const now = '2025-04-17T00:50:00.000Z';  // 08:50 in Shanghai
const view = (over = {}) => ({
  room: { id: '510113-02' }, now, state: 'not_due', slot: null, next_slot: null,
  playback: { started: false, yours: false }, may: { start: { allowed: true } },
  buffer: { target_s: 8 }, upstream: { connected: true, stalled_since: null }, help: { phone: '4001910910', room_code: '510113-02' }, ...over,
});
const closed = (next) => ({ start: { allowed: false, code: 'outside_schedule', next } });

test('the button is grey until the schedule opens it, and says when', () => {
  assert.deepEqual(faceOf(view({ may: closed('2025-04-17T01:00:00.000Z') }), false), { kind: 'closed', label: '09:00 开放播放', canGiveReason: true });
  assert.equal(faceOf(view({ may: closed('2025-04-18T01:00:00.000Z') }), false).label, '4月18日 09:00 开放播放');
  assert.equal(faceOf(view({ may: closed() }), false).label, '今天没有安排');
});

test('the button is green when playing is allowed and white while this page plays', () => {
  assert.deepEqual(faceOf(view(), false), { kind: 'start', label: '开始播放' });
  assert.deepEqual(faceOf(view({ playback: { started: true, yours: true } }), false), { kind: 'playing', label: '按住 2 秒结束' });
});

test('another PC’s lesson leaves the button green: pressing asks', () => {
  const elsewhere = view({ playback: { started: true, yours: false }, may: { start: { allowed: false, code: 'already_controlled' } } });
  assert.equal(faceOf(elsewhere, false).kind, 'start');
  assert.equal(sentence(elsewhere, null), '正在另一台电脑上播放');
  assert.equal(refusal(elsewhere), null);
});

test('a phone or a PC elsewhere gets the reason in words and no way round', () => {
  const elsewhere = view({ may: { start: { allowed: false, code: 'not_at_venue', detail: '请用会场的电脑。' } } });
  assert.deepEqual(faceOf(elsewhere, false), { kind: 'closed', label: '现在不能播放', canGiveReason: false });
  assert.equal(refusal(elsewhere).detail, '请用会场的电脑。');
});

const status = (over = {}) => ({ motion: 'moving', stillSeconds: 0, buffered: 9, latency: 10.2, bound: 0.002, height: 720, sound: 'on', ...over });
const playing = view({ state: 'playing', playback: { started: true, yours: true } });

test('what the page sees shows before the node has said it', () => {
  assert.equal(shownState(playing, { motion: 'stalled', low: false }), 'stalled');
  assert.equal(shownState(playing, { motion: 'moving', low: true }), 'low_buffer');
  assert.equal(shownState(playing, { motion: 'moving', low: false }), 'playing');
});

test('the latency is in whole seconds, with its ± only where it matters', () => {
  assert.equal(latencyText(23.6, 0.01), '与主课堂相差 24 秒');
  assert.equal(latencyText(23.6, 0.9), '与主课堂相差 24 秒（±0.9）');
  assert.equal(latencyText(null, null), '与主课堂相差 — 秒');
  assert.deepEqual(facts(status()), ['缓存 9 秒', '清晰度 720p', '声音 开', '与主课堂相差 10 秒']);
  assert.equal(facts(status({ sound: 'blocked' }))[2], '声音 关');
});

const at = Date.parse(now);

test('the strip is silent while all is well and before the first picture', () => {
  assert.equal(stripFor(playing, status(), 0, at), null);
  assert.equal(stripFor(playing, status({ motion: 'waiting', buffered: 0 }), 0, at), null);
});

test('the strip says what it is: buffer, uplink, node, and a stall with whom to call', () => {
  const cut = { ...playing, upstream: { connected: false, stalled_since: '2025-04-17T00:49:52.000Z' } };
  assert.deepEqual(stripFor(playing, status({ buffered: 3.7 }), 0, at), { colour: 'yellow', text: '网络变慢，正在使用缓存，还够 3 秒，画面不受影响' });
  assert.equal(stripFor(cut, status({ buffered: 3.7 }), 0, at).text, '上级线路中断 8 秒，正在使用缓存，画面不受影响');
  assert.equal(stripFor(playing, status({ buffered: 7 }), 6000, at).text, '连不上本县节点，正在重连，缓存还够 7 秒');
  assert.deepEqual(stripFor(playing, status({ motion: 'stalled', stillSeconds: 1.2, buffered: 0 }), 0, at), { colour: 'red', text: '缓冲中……已停 1 秒' });
  assert.equal(stripFor(cut, status({ motion: 'stalled', stillSeconds: 4, buffered: 0 }), 0, at).text, '缓冲中……已停 4 秒。请打 4001910910，报 510113-02、故障码 U1');
});

test('rooms are sorted by trouble, then by id', () => {
  const rooms = [['b', 'playing'], ['a', 'playing'], ['c', 'low_buffer'], ['d', 'stalled'], ['e', 'not_due']].map(([id, state]) => ({ id, state }));
  assert.deepEqual(byTrouble(rooms).map((room) => room.id), ['d', 'c', 'a', 'b', 'e']);
});

test('a change replaces the rooms it names and leaves the others', () => {
  const list = { now: '1', sentence: 'a', rooms: [{ id: 'a', n: 1 }, { id: 'b', n: 1 }] };
  const change = { now: '2', sentence: 'b', rooms: [{ id: 'b', n: 2 }, { id: 'c', n: 2 }] };
  assert.deepEqual(merged(list, change), { now: '2', sentence: 'b', rooms: [{ id: 'a', n: 1 }, { id: 'b', n: 2 }, { id: 'c', n: 2 }] });
});

test('a stall’s end replaces its begin, whichever comes first, and other rooms do not mix in', () => {
  const event = (type, begin, over = {}) => ({ room: 'r', type, begin, end: type === 'stall_end' ? 'later' : null, seconds: 1, class: 'short', hop: 'node', share: 1, ...over });
  const stalls = stallsOf([event('stall_begin', 'b1'), event('stall_end', 'b1', { seconds: 5, hop: 'relay_node' }), event('stall_end', 'b2', { seconds: 9 }),
    event('stall_begin', 'b2'), event('stall_begin', 'b3'), event('freeze', 'b4'), event('stall_end', 'b5', { room: 'other' })], 'r');
  assert.deepEqual(stalls.map((stall) => [stall.begin, stall.end, stall.seconds]), [['b3', null, 1], ['b2', 'later', 9], ['b1', 'later', 5]]);
});

test('a cell that was not measured is a gap in the line, not a zero', () => {
  assert.equal(runs([1, null, 1, 1], 590, 10, 10).length, 2);
  assert.deepEqual(runs([5], 590, 10, 10), ['590.0,5.0 590.0,5.0']);
  assert.deepEqual(runs([null, null], 590, 10, 10), []);
  assert.equal(scaleTop([null, 20], 8), 20);
});

test('the quick check grades browsers, screens and clocks', () => {
  const chrome = (n) => browserLine(`Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${n}.0.0.0 Safari/537.36`).grade;
  assert.deepEqual([chrome(120), chrome(109), chrome(86), chrome(60), browserLine('MSIE 8.0').grade], ['good', 'good', 'note', 'bad', 'bad']);
  assert.deepEqual([screenLine(1366, 768).grade, screenLine(1024, 768).grade, screenLine(800, 600).grade], ['good', 'note', 'bad']);
  assert.deepEqual([0.5, -30, 4000].map((offset) => clockLine(offset).grade), ['good', 'note', 'bad']);
});

test('a tile counts the stall that goes on with those that ended', () => {
  const stalls = { count: 1, seconds: 4 }, at = Date.parse(now);
  assert.deepEqual(stallsSoFar({ stalls, open_stall: null }, at), stalls);
  assert.deepEqual(stallsSoFar({ stalls, open_stall: { begin: '2025-04-17T00:49:50.000Z' } }, at), { count: 2, seconds: 14 });
  assert.deepEqual(stallsSoFar({ stalls, open_stall: { begin: '2025-04-17T00:50:01.000Z' } }, at), { count: 2, seconds: 4 }, 'a clock that is behind takes nothing off');
});
