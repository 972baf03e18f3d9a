import { EXIT } from '../../contract/exit-codes';
import { ask, plainEnvironment, ProgramFailed } from '../process/program';
import { Stop } from '../stop';

/** Whom the scratch server runs as; empty when that is whoever runs this program. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const USER = 'postgres';

/**
 * PostgreSQL's server refuses to run as root, so root gives way to the user that the server's package made.
 *
 * @throws Stop with `EXIT.wrongTools` when there is no such user
 */
export async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const options = { environment: plainEnvironment() };
  try {
    const [uid, gid] = await Promise.all([
      ask('id', ['-u', USER], options),
      ask('id', ['-g', USER], options),
    ]);
    return { uid: Number(uid), gid: Number(gid) };
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    throw new Stop(
      EXIT.wrongTools,
      `There is no user ${USER} on this box: install PostgreSQL's server package.`,
    );
  }
}
