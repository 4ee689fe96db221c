// The relay's console: the same login for everybody, then the screen of the role.
import '../../common/ui/base.css';
import '../../common/ui/board/board.css';
import './sources.css';
import { render } from 'preact';
import type { Role } from '../../common/ui/api';
import { Board } from '../../common/ui/board/board';
import { knownHelp } from '../../common/ui/help';
import { language, t } from '../../common/ui/i18n';
import { Foot, TopBar } from '../../common/ui/parts';
import { WithSession, type SignedIn } from '../../common/ui/signed_in';
import { Sources } from './sources';

const kSeesRooms: Role[] = ['county_it', 'city', 'province', 'operator'];

function Console({ signedIn }: { signedIn: SignedIn }) {
  if (kSeesRooms.includes(signedIn.session.role))
    return <Board signedIn={signedIn} events="/api/v1/events" unreachable="error.unreachable.relay"
      head={signedIn.session.role === 'operator' ? (now) => <Sources now={now} /> : undefined} />;
  return (
    <div class="board">
      <TopBar title={t('app.title.relay')} now={null} session={signedIn.session} onLogOut={signedIn.logOut} />
      <main><p class="waiting">{t('board.none_for_role')}</p></main>
      <Foot help={{ ...knownHelp(), room: null }} />
    </div>
  );
}

document.documentElement.lang = language() === 'en' ? 'en' : 'zh-CN';
document.title = t('app.title.relay');
const root = document.getElementById('app')!;
root.textContent = '';
render(
  <WithSession hint="login.hint.relay" unreachable="error.unreachable.relay">
    {(signedIn) => <Console signedIn={signedIn} />}
  </WithSession>, root);
