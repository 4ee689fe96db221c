// Who is logged in. Asks the server once; shows the login form until it knows;
// goes back to it when the server says so. A server that is away is asked again.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Problem, Session } from './api';
import { asProblem, call } from './http';
import { t, type Key } from './i18n';
import { Login } from './login';
import { ProblemNote } from './parts';

export interface SignedIn { session: Session; logOut: () => void; ended: () => void }

export function WithSession({ hint, unreachable, children }: {
  hint: Key; unreachable: Key; children: (signedIn: SignedIn) => ComponentChildren;
}) {
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [ended, setEnded] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    let stopped = false, timer = 0;
    const ask = async () => {
      try {
        const known = await call<Session>('GET', '/api/v1/session', undefined, { unreachable });
        if (!stopped) { setSession(known); setProblem(null); }
      } catch (error) {
        if (stopped) return;
        const found = asProblem(error);
        if (found.status === 401) { setSession(null); setProblem(null); return; }
        setProblem(found);
        timer = window.setTimeout(ask, 1000 + Math.random() * 1000);
      }
    };
    void ask();
    return () => { stopped = true; window.clearTimeout(timer); };
  }, []);

  if (session) {
    const leave = (byServer: boolean) => { setSession(null); setEnded(byServer); };
    return <>{children({
      session,
      logOut: () => void call('DELETE', '/api/v1/session').catch(() => undefined).then(() => leave(false)),
      ended: () => leave(true),
    })}</>;
  }
  if (session === null) return <Login hint={hint} unreachable={unreachable} ended={ended} onSession={setSession} />;
  return <main class="login">{problem ? <ProblemNote problem={problem} /> : <p class="waiting">{t('app.name')}</p>}</main>;
}
