import { EXIT } from '../../contract/exit-codes';
import { ask, plainEnvironment, ProgramFailed } from '../process/program';
import { Stop } from '../stop';

/** Whom the scratch server runs as; empty when that is whoever runs this program. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Database servers refuse to run as root, so root gives way to the user that the server's package made.
 *
 * @param user - `postgres`, `mysql`
 * @throws Stop with `EXIT.wrongTools` when there is no such user
 */
export async function serverAccount(user: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const options = { environment: plainEnvironment() };
  try {
    const [uid, gid] = await Promise.all([
      ask('id', ['-u', user], options),
      ask('id', ['-g', user], options),
    ]);
    return { uid: Number(uid), gid: Number(gid) };
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    throw new Stop(
      EXIT.wrongTools,
      `There is no user ${user} on this box: install the database server's package.`,
    );
  }
}
