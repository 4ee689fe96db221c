// The login form of both sites. The server's words name the cause; the help line
// stands under each failure.
import { useRef, useState } from 'preact/hooks';
import type { Problem, Session } from './api';
import { asProblem, call } from './http';
import { knownHelp } from './help';
import { t, type Key } from './i18n';
import { Foot, ProblemNote } from './parts';

export function Login({ hint, unreachable, ended, onSession }: {
  hint: Key; unreachable: Key; ended: boolean; onSession: (session: Session) => void;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLFormElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    const fields = new FormData(form.current!);
    setBusy(true);
    setProblem(null);
    try {
      const account = String(fields.get('account')).trim();
      onSession(await call<Session>('POST', '/api/v1/session', { account, password: fields.get('password') }, { unreachable }));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <main class="login">
      <form ref={form} onSubmit={submit}>
        <p class="brand big">{t('app.name')}</p>
        <h1>{t('login.title')}</h1>
        {ended && <p class="ended" role="status">{t('login.again')}</p>}
        <label for="account">{t('login.account')}</label>
        <input id="account" name="account" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        <label for="password">{t('login.password')}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button type="submit" class="primary" disabled={busy}>{busy ? t('login.busy') : t('login.submit')}</button>
        {problem && <ProblemNote problem={problem} />}
        <p class="hint">{t(hint)}</p>
      </form>
      <Foot help={knownHelp()} />
    </main>
  );
}
