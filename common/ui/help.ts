// The help line and the room to read out (A19), as far as this browser knows:
// the node tells both with the room's state, and they are remembered so that the
// login page, where nobody is known yet, can show them too.
const kDefaultPhone = '4001910910';

export interface Help { phone: string; room: string | null }

function remembered(name: string): string | null {
  try { return localStorage.getItem(`tongke.${name}`); } catch { return null; }
}

export function rememberHelp(help: { phone: string; room_code: string }): void {
  try {
    localStorage.setItem('tongke.phone', help.phone);
    localStorage.setItem('tongke.room', help.room_code);
  } catch { /* a browser that stores nothing still plays */ }
}

export const knownHelp = (): Help => ({ phone: remembered('phone') ?? kDefaultPhone, room: remembered('room') });
