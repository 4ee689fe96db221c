// A certificate for 127.0.0.1 that a test makes for itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { run } from './process.mjs';

/** cert.pem and key.pem in `dir`, for two days; `toml` is a relay's [tls] with them. */
export async function makeCertificate(t, dir, name) {
  const certificate = join(dir, 'cert.pem'), key = join(dir, 'key.pem');
  const made = await run(t, 'openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate]);
  assert.equal(made.code, 0, made.stderr);
  return { certificate, key, toml: `[tls]\ncertificate = "${certificate}"\nprivate_key = "${key}"\n` };
}
