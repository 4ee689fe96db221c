// Waiting in tests is always "until this holds, or the deadline": never a bare
// pause that hopes.
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(what, condition, seconds = 20, everyMs = 50) {
  const deadline = Date.now() + seconds * 1000;
  let last = null;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = null;
    } catch (error) { last = error; }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s until ${what}${last ? ` (${last.message})` : ''}`);
    await pause(everyMs);
  }
}
