// What the demo keeps in its folder between two starts: random credentials
// (mode 0600), the two configuration files, the roster and the schedule.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const kCounty = { code: '510113', name: '示例县' };
export const kRooms = [
  { id: '510113-01', name: '示例县教师发展中心', teacher: '张老师', technician: '王工' },
  { id: '510113-02', name: '示例县城关第三小学', teacher: '李老师', technician: '赵工' },
];
const kOffice = [
  { key: 'county_it', account: 'it510113', role: 'county_it', name: '示例县技术人员', county: kCounty.code, site: 'both' },
  { key: 'operator', account: 'operator', role: 'operator', name: '值班员', site: 'relay' },
  { key: 'system', account: 'sysadmin', role: 'system_admin', name: '系统管理员', site: 'relay' },
  { key: 'security', account: 'secadmin', role: 'security_admin', name: '安全管理员', site: 'relay' },
  { key: 'audit', account: 'auditadmin', role: 'audit_admin', name: '审计管理员', site: 'relay' },
];

const secret = (bytes) => randomBytes(bytes).toString('base64url');
// Six letters, a dash, six digits, without the ones that look alike.
function password() {
  const letters = 'abcdefghjkmnpqrstuvwxyz', digits = '23456789';
  const pick = (from) => from[randomBytes(1)[0] % from.length];
  return `${Array.from({ length: 6 }, () => pick(letters)).join('')}-${Array.from({ length: 6 }, () => pick(digits)).join('')}`;
}

export function writePrivate(path, text) { writeFileSync(path, text, { mode: 0o600 }); }

export function loadCredentials(dir) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'credentials.json');
  if (existsSync(path)) return { ...JSON.parse(readFileSync(path, 'utf8')), first: false };
  const fresh = { publish_key: secret(18), test_key: secret(18), rooms: {}, office: {} };
  for (const room of kRooms)
    fresh.rooms[room.id] = {
      teacher: { account: `t${room.id}`, password: password() },
      technician: { account: `j${room.id}`, password: password() },
    };
  for (const person of kOffice) fresh.office[person.key] = { ...person, password: password() };
  writePrivate(path, JSON.stringify(fresh, null, 2));
  return { ...fresh, first: true };
}

function makeCertificate(dir) {
  const key = join(dir, 'tls-key.pem'), certificate = join(dir, 'tls-certificate.pem');
  if (!existsSync(certificate))
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90',
      '-keyout', key, '-out', certificate, '-subj', '/CN=tongke demo', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
    { stdio: 'ignore' });
  return { key, certificate };
}

export function writeConfigs(options, credentials, relayUrl) {
  const { dir, ports, tls } = options;
  const pem = tls ? makeCertificate(dir) : null;
  const http = (port) => (tls ? `listen = ""\ntls_listen = "[::]:${port}"` : `listen = "[::]:${port}"`);
  const tlsSection = tls ? `\n[tls]\ncertificate = "${pem.certificate}"\nprivate_key = "${pem.key}"\n` : '';
  const relay = `data_dir = "${join(dir, 'relay')}"

[rtmp]
listen = "[::]:${ports.rtmp}"

[http]
${http(ports.relay)}
${tlsSection}
[stream.main]
publish_key = "${credentials.publish_key}"

[stream.test]
publish_key = "${credentials.test_key}"
`;
  const upstream = options.upstream ? `\n[[upstream]]\nurl = "${options.upstream}"\n` : '';
  const player = `data_dir = "${join(dir, 'player')}"

[relay]
url = "${relayUrl}"
${tls ? `ca = "${pem.certificate}"\n` : ''}
[http]
${http(ports.player)}
${tlsSection}${upstream}`;
  const paths = { relay: join(dir, 'relay.toml'), player: join(dir, 'player.toml') };
  writePrivate(paths.relay, relay);
  writePrivate(paths.player, player);
  return { ...paths, ca: pem?.certificate ?? null };
}

export function writeRoster(dir, credentials) {
  const head = ['县代码', '县名称', '分课堂编号', '分课堂名称', '班主任姓名', '班主任账号', '初始密码', '技术人员姓名', '技术人员账号', '技术人员密码', '网络'];
  const rows = kRooms.map((room) => {
    const { teacher, technician } = credentials.rooms[room.id];
    return [kCounty.code, kCounty.name, room.id, room.name, room.teacher, teacher.account, teacher.password,
      room.technician, technician.account, technician.password, ''];
  });
  const path = join(dir, 'roster.csv');
  writePrivate(path, [head, ...rows].map((row) => row.join(',')).join('\r\n') + '\r\n');
  return path;
}

/** open: a lesson and a debug window from an hour ago to a day ahead; closed: the day after tomorrow. */
export function writeSchedule(dir, kind, now = Date.now()) {
  const hour = 3600e3;
  const [begin, end] = kind === 'open' ? [now - hour, now + 24 * hour] : [now + 48 * hour, now + 54 * hour];
  const slot = (id, what, title) => ({ id, kind: what, title, begin: new Date(begin).toISOString(), end: new Date(end).toISOString(), rooms: [] });
  const path = join(dir, 'schedule.json');
  writeFileSync(path, JSON.stringify({ schedule: [slot('demo-lesson', 'lesson', '示例课程'), slot('demo-debug', 'debug', '直播调试')] }, null, 2));
  return path;
}

export function accountsForReaders(credentials) {
  const site = (kind) => Object.fromEntries(Object.entries(credentials.rooms).map(([id, room]) => [id, { ...room[kind], site: 'player' }]));
  const office = (key) => {
    const { account, password, site: where } = credentials.office[key];
    return { account, password, site: where };
  };
  return {
    teacher: site('teacher'), technician: site('technician'),
    county_it: office('county_it'), operator: office('operator'),
    administrators: { system: office('system'), security: office('security'), audit: office('audit') },
  };
}
