// Imported by what may leave a handle behind: Node 18 does not close a socket
// whose reset failed, and libuv then waits for it for ever. Three seconds after
// a file's last test its program ends, with the exit code its tests gave it.
import { after } from 'node:test';

after(() => { setTimeout(() => process.exit(), 3000).unref(); });
