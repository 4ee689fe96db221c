// A random id for one playback on this page; batches are counted within it.
// (crypto.randomUUID needs a secure context, which a school's plain HTTP is not.)
export function newPageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
