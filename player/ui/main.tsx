// The node's pages: 班主任 and technician at `/`, the county's rooms at `/county`
// (read only; it works while the centre is away).
import '../../common/ui/base.css';
import '../../common/ui/board/board.css';
import './classroom.css';
import { render } from 'preact';
import { Board } from '../../common/ui/board/board';
import { language, t } from '../../common/ui/i18n';
import { WithSession, type SignedIn } from '../../common/ui/signed_in';
import { Classroom } from './classroom';

function Page({ signedIn }: { signedIn: SignedIn }) {
  const atTheRoom = signedIn.session.role === 'teacher' || signedIn.session.role === 'technician';
  if (location.pathname === '/county' || !atTheRoom)
    return <Board signedIn={signedIn} events={null} unreachable="error.unreachable" note={t('board.readonly')} />;
  return <Classroom signedIn={signedIn} />;
}

document.documentElement.lang = language() === 'en' ? 'en' : 'zh-CN';
document.title = t('app.title.player');
const root = document.getElementById('app')!;
root.textContent = '';
render(<WithSession hint="login.hint.player" unreachable="error.unreachable">{(signedIn) => <Page signedIn={signedIn} />}</WithSession>, root);
