import test from 'node:test';
import assert from 'node:assert/strict';
import { load } from './load.mjs';

const { pdtAt, MediaClock, rateFor, MotionWatch, Backoff, BeaconQueue, BeaconSender } = await load(
  'player/ui/playback/media_clock', 'player/ui/playback/catch_up', 'player/ui/playback/motion', 'player/ui/playback/backoff', 'player/ui/playback/beacon_queue', 'player/ui/playback/beacon_sender');
const fragment = (start, pdt, duration = 2) => ({ start, duration, programDateTime: pdt });

test('a media time is dated by the fragment it lies in', () => {
  const list = [fragment(0, 1000_000), fragment(2, 1002_000), fragment(4, 1009_000)];  // a pause of 5 s at 4
  assert.equal(pdtAt(list, 1.5), 1001_500);
  assert.equal(pdtAt(list, 3.999), 1003_999);
  assert.equal(pdtAt(list, 4.5), 1009_500);
});

test('what no fragment dates has no date', () => {
  assert.equal(pdtAt([], 1), null);
  assert.equal(pdtAt([fragment(10, 1)], 5), null);
  assert.equal(pdtAt([fragment(0, null)], 1), null);
  assert.equal(pdtAt([fragment(0, 1000)], 100), null);
});

test('a frame that left the playlist keeps its date', () => {
  const dates = new MediaClock();
  dates.update([fragment(0, 1000_000), fragment(2, 1002_000)]);
  dates.update([fragment(2, 1002_000), fragment(4, 1004_000)]);
  assert.equal(dates.at(0.5), 1000_500);
  dates.reset();
  assert.equal(dates.at(0.5), null);
});

test('catching up begins a second behind, ends close to the target, and never beyond 1.05', () => {
  const at = (behind, rate = 1, buffered = 8) => rateFor({ behind, buffered, target: 8, rate });
  assert.deepEqual([at(0.9), at(1.1), at(0.5, 1.05), at(0.1, 1.05), at(30)], [1, 1.05, 1.05, 1, 1.05]);
});

test('no catching up without buffer in hand, nor without knowing how far behind', () => {
  assert.equal(rateFor({ behind: 20, buffered: 3, target: 8, rate: 1.05 }), 1);
  assert.equal(rateFor({ behind: null, buffered: 9, target: 8, rate: 1 }), 1);
});

const still = { media: 10, playhead: 10, buffered: 0, visible: true, paused: false };

test('a picture that does not move for half a second without buffer has stalled', () => {
  const watch = new MotionWatch();
  assert.equal(watch.update({ ...still, now: 0, media: null }).motion, 'waiting');
  assert.equal(watch.update({ ...still, now: 100 }).motion, 'moving');
  assert.equal(watch.update({ ...still, now: 500 }).motion, 'moving');
  assert.equal(watch.update({ ...still, now: 700 }).motion, 'stalled');
  assert.equal(watch.still(3100), 3000);
  assert.equal(watch.update({ ...still, now: 3200, media: 10.04 }).motion, 'moving');
});

test('a picture that does not move with buffer is frozen, and repaired once at two seconds', () => {
  const watch = new MotionWatch();
  const seen = [0, 900, 1100, 1900, 2100, 2300, 9000].map((now) => watch.update({ ...still, now, buffered: 5 }));
  assert.deepEqual(seen.map((each) => each.motion), ['moving', 'moving', 'frozen', 'frozen', 'frozen', 'frozen', 'frozen']);
  assert.deepEqual(seen.map((each) => each.repair), [false, false, false, false, true, false, false]);
});

test('sound that runs on under a still picture is a freeze, whatever the buffer', () => {
  const watch = new MotionWatch();
  watch.update({ ...still, now: 0 });
  assert.equal(watch.update({ ...still, now: 1200, playhead: 11.2, buffered: 0.4 }).motion, 'frozen');
});

test('hidden and paused are no trouble, and what follows starts afresh', () => {
  const watch = new MotionWatch();
  watch.update({ ...still, now: 0 });
  assert.equal(watch.update({ ...still, now: 5000, visible: false }).motion, 'hidden');
  assert.equal(watch.update({ ...still, now: 5200 }).motion, 'moving');
  assert.equal(watch.update({ ...still, now: 9000, paused: true }).motion, 'paused');
  assert.equal(watch.update({ ...still, now: 9300 }).motion, 'moving');
});

test('the first retry is immediate, the others jitter up to a ceiling', () => {
  const backoff = new Backoff(500, 3000, () => 1);
  assert.deepEqual(Array.from({ length: 6 }, () => backoff.next()), [0, 500, 1000, 2000, 3000, 3000]);
  backoff.reset();
  assert.equal(backoff.next(), 0);
  const low = new Backoff(500, 3000, () => 0);
  low.next();
  assert.equal(low.next(), 250);
});

const sample = (n) => ({ performance_now: n });

test('a batch stays until it is acknowledged, and batches keep their order', () => {
  const queue = new BeaconQueue('page', 'lesson');
  queue.cut();
  assert.equal(queue.head(), null);
  queue.sample(sample(1));
  queue.mark({ name: 'click', performance_now: 0 });
  queue.cut();
  queue.sample(sample(2));
  queue.fetched({ msn: 7, bytes: 10, begin: 1, end: 2, stored: true });
  queue.cut();
  assert.deepEqual(queue.head(), { page: 'page', purpose: 'lesson', seq: 1, samples: [sample(1)], marks: [{ name: 'click', performance_now: 0 }] });
  queue.done(2);
  assert.equal(queue.head().seq, 1);
  queue.done(1);
  assert.deepEqual(queue.head(), { page: 'page', purpose: 'lesson', seq: 2, samples: [sample(2)], fetches: [{ msn: 7, bytes: 10, begin: 1, end: 2, stored: true }] });
});

test('ten minutes of an absent node are kept, then the oldest go and are counted', () => {
  const queue = new BeaconQueue('page', 'lesson');
  for (let i = 1; i <= 1000; i++) { queue.sample(sample(i)); queue.cut(); }
  assert.ok(queue.depth >= 600);
  assert.equal(queue.depth + queue.lost, 1000);
  assert.equal(queue.head().seq, queue.lost + 1);
});

test('what a test that is over no longer needs is neither sent again nor held', async () => {
  const sent = [];
  globalThis.window = { setInterval: () => 0, clearInterval: () => undefined, setTimeout: () => { throw new Error('sent again later'); }, clearTimeout: () => undefined };
  globalThis.fetch = async (path, { body }) => {
    sent.push(JSON.parse(body).seq);
    return new Response(JSON.stringify({ status: 409, code: 'no_test_running', detail: '' }), { status: 409 });
  };
  const queue = new BeaconQueue('page', 'test');
  const sender = new BeaconSender('/beacons', queue);
  for (const at of [1, 2]) { queue.sample(sample(at)); queue.cut(); }
  sender.flush();
  while (queue.depth > 0) await new Promise((next) => setImmediate(next));
  assert.deepEqual(sent, [1, 2]);
});
