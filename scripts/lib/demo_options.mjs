// The options of scripts/demo (CONTRACT §1), checked before anything starts.
import { resolve } from 'node:path';

export function demoOptions(args, root) {
  const options = {
    seconds: null, dir: resolve(root, 'build/demo'), basePort: 1935, ports: { rtmp: 1935, relay: 8080, player: 8090 },
    publisher: true, upstream: null, schedule: 'open', tls: false,
  };
  const rest = [...args];
  const value = (name) => {
    if (!rest.length) throw new Error(`${name} needs a value`);
    return rest.shift();
  };
  const number = (name, low, high) => {
    const n = Number(value(name));
    if (!Number.isInteger(n) || n < low || n > high) throw new Error(`${name} must be a whole number from ${low} to ${high}`);
    return n;
  };
  while (rest.length) {
    const name = rest.shift();
    if (name === '--seconds') options.seconds = number(name, 1, 1e6);
    else if (name === '--dir') options.dir = resolve(value(name));
    else if (name === '--base-port') {
      const p = number(name, 1, 65533);
      options.ports = { rtmp: p, relay: p + 1, player: p + 2 };
    } else if (name === '--no-publisher') options.publisher = false;
    else if (name === '--upstream') {
      options.upstream = value(name);
      if (!/^(https?|rtmps?):\/\/[^/]+/.test(options.upstream)) throw new Error('--upstream must be http://HOST:PORT or rtmp://HOST:PORT');
    } else if (name === '--schedule') {
      options.schedule = value(name);
      if (!['open', 'closed'].includes(options.schedule)) throw new Error('--schedule is open or closed');
    } else if (name === '--tls') options.tls = true;
    else throw new Error(`unknown option ${name} (see scripts/demo --help)`);
  }
  return options;
}
