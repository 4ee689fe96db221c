// Child processes of a test: output kept, ended by PID at the end of the test.
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = (name) => resolve(root, 'build/release/bin', name);

export class Child {
  /** `test`: a node:test context, whose end also ends the child. */
  constructor(test, command, args, options = {}) {
    this.name = command.split('/').pop();
    this.stdout = '';
    this.stderr = '';
    const { onStdout, keepStdout = true, ...spawnOptions } = options;
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: root, ...spawnOptions });
    this.process.stdout?.on('data', (chunk) => { if (keepStdout) this.stdout += chunk; onStdout?.(chunk); });
    this.process.stderr?.on('data', (chunk) => { this.stderr += chunk; });
    this.ended = new Promise((done) => {
      this.process.once('error', (error) => { this.stderr += error.message; done({ code: -1, signal: null }); });
      this.process.once('close', (code, signal) => { this.result = { code, signal }; done(this.result); });
    });
    test?.after(() => this.stop());
  }
  get pid() { return this.process.pid; }
  kill(signal = 'SIGTERM') { this.process.kill(signal); }
  async stop(graceMs = 12_000) {
    if (!this.result) {
      this.kill('SIGTERM');
      const hard = setTimeout(() => this.kill('SIGKILL'), graceMs);
      await this.ended;
      clearTimeout(hard);
    }
    return this.result;
  }
}

/** Runs to the end; resolves {code, signal, stdout, stderr}. */
export async function run(test, command, args, options = {}) {
  const { timeoutSeconds = 120, ...rest } = options;
  const child = new Child(test, command, args, rest);
  const hard = setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000);
  const end = await child.ended;
  clearTimeout(hard);
  return { ...end, stdout: child.stdout, stderr: child.stderr };
}
