import test from 'node:test';
import assert from 'node:assert/strict';
import { load } from './load.mjs';

const { clock, hourMinute, when, span, tidy, ServerClock } = await load('common/ui/time', 'common/ui/clock');
const at = (iso) => Date.parse(iso);

test('times are those of Shanghai, across midnight UTC too', () => {
  assert.equal(clock(at('2025-04-17T01:05:03Z')), '09:05:03');
  assert.equal(hourMinute(at('2025-04-16T16:00:00Z')), '00:00');
});

test('another day says which', () => {
  const now = at('2025-04-16T15:59:00Z');
  assert.equal(when(at('2025-04-16T15:59:30Z'), now), '23:59');
  assert.equal(when(at('2025-04-17T01:00:00Z'), now), '4月17日 09:00');
});

test('durations', () => {
  assert.deepEqual([0, 43.9, 600, 3723, -5].map(span), ['00:00', '00:43', '10:00', '1:02:03', '00:00']);
  assert.deepEqual([0.44, 9.94, 9.96, 22.2].map(tidy), ['0.4', '9.9', '10', '22']);
});

test('the server clock takes the sample with the shortest round trip', () => {
  const server = new ServerClock();
  assert.equal(server.at(0), null);
  server.note(10_000, 0, 400);       // 10 000 at 200 ± 200
  server.note(11_005, 1200, 1210);   // 11 005 at 1205 ± 5
  server.note(12_150, 2000, 2300);   // a longer trip that agrees changes nothing
  assert.equal(server.at(2000), 11_800);
  assert.equal(server.rtt, 10);
  assert.equal(server.bound, 0.005);
});

test('a server clock that was set is followed at once', () => {
  const server = new ServerClock();
  server.note(10_000, 0, 10);
  server.note(70_000, 1000, 1100);
  assert.equal(server.at(1050), 70_000);
});

test('a time that cannot be read changes nothing', () => {
  const server = new ServerClock();
  server.note(NaN, 0, 1);
  assert.equal(server.known, false);
});
