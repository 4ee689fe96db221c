// Imported by what may leave a handle behind: Node does not close a socket whose
// reset failed. While it is referenced libuv waits for it for ever (Node 18), and
// where it is not the clean-up at the end does (Node 20, at full speed). So a
// test program leaves by process.exit(), which waits for no handle: when nothing
// is left to do, or three seconds after its last test, with the exit code that
// its tests gave it.
import { after } from 'node:test';

after(() => { setTimeout(() => process.exit(), 3000).unref(); });

// The runner's own handler of the first beforeExit writes the summary and sets the exit code.
process.once('beforeExit', () => {
  setTimeout(() => {}, 50);
  process.once('beforeExit', () => process.exit());
});
