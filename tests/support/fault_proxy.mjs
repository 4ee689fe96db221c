// A TCP proxy that does to a link what links do: black hole (bytes and new
// connections are held), reset, slow drip. One bucket for all connections, as
// one uplink has. Everything it did is logged with the time, as ground truth.
import { createServer, connect } from 'node:net';
import './ends.mjs';

const kSliceMs = 10;

export class FaultProxy {
  constructor(host, port) {
    this.target = { host, port };
    this.pairs = new Set();
    this.held = false;
    this.bytesPerSecond = null;  // towards the client; null: no limit
    this.credit = 0;
    this.received = 0;  // bytes from the target, passed on
    this.log = [];
  }

  async listen(port = 0, host = '127.0.0.1') {
    this.server = createServer({ pauseOnConnect: true }, (client) => this.#accept(client));
    await new Promise((done, reject) => { this.server.once('error', reject); this.server.listen(port, host, done); });
    this.port = this.server.address().port;
    this.timer = setInterval(() => this.#slice(), kSliceMs);
    this.last = performance.now();
    return this;
  }

  /** No byte passes in either direction, nothing is closed. */
  hold() { this.held = true; this.#note('hold'); for (const pair of this.pairs) pair.pause(); }
  release() { this.held = false; this.#note('release'); for (const pair of this.pairs) pair.resume(); }
  reset() { this.#note('reset'); for (const pair of this.pairs) pair.reset(); }
  limit(bitsPerSecond) { this.bytesPerSecond = bitsPerSecond === null ? null : bitsPerSecond / 8; this.credit = 0; this.#note(`limit ${bitsPerSecond}`); }

  async close() {
    clearInterval(this.timer);
    for (const pair of this.pairs) pair.reset();
    this.server.close();
    this.server.unref();
  }

  #note(what) { this.log.push({ at: Date.now(), what }); }

  #slice() {
    const now = performance.now();
    if (this.bytesPerSecond !== null && !this.held) {
      this.credit = Math.min(this.credit + (now - this.last) / 1000 * this.bytesPerSecond, this.bytesPerSecond * 0.1 + 4096);
      const waiting = [...this.pairs].filter((pair) => pair.queued > 0);
      for (const pair of waiting) this.credit -= pair.drain(Math.max(0, Math.floor(this.credit / waiting.length)));
    }
    this.last = now;
  }

  #accept(client) {
    const pair = new Pair(this, client);
    this.pairs.add(pair);
    pair.closed = () => this.pairs.delete(pair);
    if (!this.held) pair.resume();
  }
}

class Pair {
  constructor(proxy, client) {
    this.proxy = proxy;
    this.client = client;
    this.queue = [];
    this.queued = 0;
    client.on('error', () => this.reset());
    client.on('close', () => this.reset());
  }

  #open() {
    this.server = connect(this.proxy.target);
    this.server.setNoDelay(true);
    this.client.setNoDelay(true);
    this.server.on('error', () => this.reset());
    this.server.on('data', (chunk) => this.#fromServer(chunk));
    this.server.on('end', () => { this.serverEnded = true; if (!this.queued) this.client.end(); });
    this.client.on('data', (chunk) => { if (!this.server.destroyed && !this.server.write(chunk)) { this.client.pause(); this.server.once('drain', () => { if (!this.proxy.held) this.client.resume(); }); } });
    this.client.on('end', () => this.server.end());
  }

  #fromServer(chunk) {
    if (this.proxy.bytesPerSecond === null && !this.queued) return this.#pass(chunk);
    this.queue.push(chunk);
    this.queued += chunk.length;
    if (this.queued > 32_768) this.server.pause();  // the uplink's own buffer is small
  }

  #pass(chunk) {
    this.proxy.received += chunk.length;
    if (!this.client.destroyed && !this.client.write(chunk)) { this.server.pause(); this.client.once('drain', () => { if (!this.proxy.held) this.server.resume(); }); }
  }

  /** Passes at most `bytes`; says how many. */
  drain(bytes) {
    let done = 0;
    while (this.queue.length && done < bytes) {
      const head = this.queue[0], take = Math.min(head.length, bytes - done);
      this.#pass(head.subarray(0, take));
      if (take === head.length) this.queue.shift(); else this.queue[0] = head.subarray(take);
      done += take;
    }
    this.queued -= done;
    if (this.queued < 16_384 && !this.proxy.held) this.server.resume();
    if (!this.queued && this.serverEnded) this.client.end();
    return done;
  }

  pause() { this.client.pause(); this.server?.pause(); }
  resume() {
    if (this.gone) return;
    if (!this.server) this.#open();
    if (this.proxy.bytesPerSecond === null) while (this.queue.length) this.drain(1 << 20);
    this.server.resume();
    this.client.resume();
  }
  reset() {
    if (this.gone) return;
    this.gone = true;
    for (const socket of [this.client, this.server]) {
      if (!socket || socket.destroyed) continue;
      // Node 18 may keep the handle of a socket whose reset failed (it was shut already): it must not keep the process.
      socket.unref();
      if (socket.writableLength || socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.closed?.();
  }
}
