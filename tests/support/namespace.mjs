// A host of the test's own: a network namespace joined to ours by a veth pair.
// cut() drops everything with nftables, as a dead link does; limit() shapes
// what the namespace receives with tbf. Needs root.
import { execFileSync } from 'node:child_process';
import { Child } from './process.mjs';

const sh = (...words) => execFileSync(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
let count = 0;

export class Host {
  /** Ours is 10.213.N.1, the namespace's 10.213.N.2, MTU as given. */
  constructor(test, { mtu = 1500 } = {}) {
    const n = (process.pid % 200) + count++ % 50;
    this.name = `tk${process.pid}n${count}`;
    this.outside = `10.213.${n}.1`;
    this.inside = `10.213.${n}.2`;
    this.veth = `tk${process.pid % 10000}v${count}`;
    sh('ip', 'netns', 'add', this.name);
    test?.after(() => this.remove());
    sh('ip', 'link', 'add', this.veth, 'mtu', String(mtu), 'type', 'veth', 'peer', 'name', 'eth0', 'mtu', String(mtu), 'netns', this.name);
    sh('ip', 'addr', 'add', `${this.outside}/30`, 'dev', this.veth);
    sh('ip', 'link', 'set', this.veth, 'up');
    this.exec('ip', 'addr', 'add', `${this.inside}/30`, 'dev', 'eth0');
    this.exec('ip', 'link', 'set', 'eth0', 'up');
    this.exec('ip', 'link', 'set', 'lo', 'up');
    this.exec('nft', 'add', 'table', 'inet', 'fault');
  }
  exec(...words) { return sh('ip', 'netns', 'exec', this.name, ...words); }
  spawn(test, command, args, options = {}) { return new Child(test, 'ip', ['netns', 'exec', this.name, command, ...args], options); }

  /** Drops every packet between us and the namespace; its loopback lives on. */
  cut() {
    this.exec('nft', 'add', 'chain', 'inet', 'fault', 'in', '{ type filter hook input priority 0; policy accept; }');
    this.exec('nft', 'add', 'chain', 'inet', 'fault', 'out', '{ type filter hook output priority 0; policy accept; }');
    this.exec('nft', 'add', 'rule', 'inet', 'fault', 'in', 'iifname', 'eth0', 'drop');
    this.exec('nft', 'add', 'rule', 'inet', 'fault', 'out', 'oifname', 'eth0', 'drop');
    return Date.now();
  }
  heal() {
    this.exec('nft', 'flush', 'table', 'inet', 'fault');
    return Date.now();
  }
  limit(bitsPerSecond) {
    sh('tc', 'qdisc', 'replace', 'dev', this.veth, 'root', 'tbf', 'rate', `${Math.round(bitsPerSecond)}bit`, 'burst', '16kb', 'latency', '200ms');
  }
  unlimit() { try { sh('tc', 'qdisc', 'del', 'dev', this.veth, 'root'); } catch { /* there was none */ } }
  remove() { try { sh('ip', 'netns', 'del', this.name); } catch { /* already gone */ } }
}
