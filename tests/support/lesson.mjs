// What a classroom PC does, without a browser: plays a room's lesson from the
// node over HTTP with the session's cookie and keeps the log of what came.
import assert from 'node:assert/strict';
import { parsePlaylist } from './playlist.mjs';
import { PlaylistLog } from './playlist_watch.mjs';
import { pause } from './wait.mjs';

export const room1 = '510113-01', room2 = '510113-02';

/** Starts the lesson of a room as its 班主任; resolves the answer. */
export const startLesson = (teacher, room, more = {}) => teacher.post(`/api/v1/rooms/${room}/playback`, { action: 'start', ...more });
export const stopLesson = (teacher, room) => teacher.post(`/api/v1/rooms/${room}/playback`, { action: 'stop' });
export const lessonPath = (room) => `/rooms/${room}/hls/index.m3u8`;

/** Follows relative URIs to the media playlist; resolves {path, playlist} or {status, body}. */
export async function mediaPlaylist(call, path) {
  const answer = await call(path), text = await answer.text();
  if (!answer.ok) return { status: answer.status, body: JSON.parse(text) };
  if (text.includes('#EXT-X-STREAM-INF')) {
    const next = text.split('\n').find((line) => line && !line.startsWith('#'));
    return mediaPlaylist(call, new URL(next.trim(), `http://x${path}`).pathname);
  }
  return { status: 200, path, text, playlist: parsePlaylist(text) };
}

/** A player that fetches every segment once and notes when each came. */
export class HttpPlayer {
  /** `keep`: the bodies stay, to be compared with what was published. */
  constructor(call, path, { keep = false } = {}) {
    this.keep = keep;
    this.call = call;
    this.path = path;
    this.segments = new Map();   // msn → {at, bytes, pdt, uri}
    this.sequences = [];         // every MEDIA-SEQUENCE seen, in order
    this.statuses = [];
    this.log = new PlaylistLog(`the node's ${path}`);
    this.running = true;
    this.done = this.#loop();
  }
  /** Also holds every playlist that came to the rules. */
  async stop() {
    this.running = false;
    await this.done;
    assert.deepEqual(await this.log.violations(), []);
  }

  async #loop() {
    while (this.running) {
      try { await this.#once(); } catch (error) { this.statuses.push(String(error.cause?.code ?? error.message)); }
      await pause(400);
    }
  }
  async #once() {
    const { status, path, text, playlist } = await mediaPlaylist(this.call, this.path);
    if (status !== 200) { this.statuses.push(status); return; }
    this.log.see(text);
    this.sequences.push(playlist.sequence);
    if (this.keep && !this.init) this.init = Buffer.from(await (await this.call(new URL(playlist.map, `http://x${path}`).pathname)).arrayBuffer());
    for (const segment of playlist.segments) {
      if (this.segments.has(segment.msn)) continue;
      const answer = await this.call(new URL(segment.uri, `http://x${path}`).pathname);
      if (!answer.ok) { this.statuses.push(answer.status); continue; }
      const body = Buffer.from(await answer.arrayBuffer());
      this.segments.set(segment.msn, { at: Date.now(), bytes: body.length, pdt: segment.pdt, uri: segment.uri, duration: segment.duration, body: this.keep ? body : null });
    }
  }
  /** The media numbers that are missing between the first and the last one. */
  holes() {
    const seen = [...this.segments.keys()].sort((a, b) => a - b), holes = [];
    for (let n = seen[0]; n < seen.at(-1); n++) if (!this.segments.has(n)) holes.push(n);
    return holes;
  }
  /** Everything that came, as one fragmented MP4. */
  file() { return Buffer.concat([this.init, ...[...this.segments.entries()].sort(([a], [b]) => a - b).map(([, s]) => s.body)]); }
  sequenceFell() { return this.sequences.some((n, i) => i > 0 && n < this.sequences[i - 1]); }
}
