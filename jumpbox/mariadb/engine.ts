import { EXIT } from '../../contract/exit-codes';
import type { Engine } from '../engine';
import { Stop } from '../stop';
import { examine } from './prove/examine';
import { serverProgram } from './prove/scratch';
import { openTarget } from './restore/target';
import { openSession } from './session';
import { demandSeries, seriesOf } from './tools';

const objects = { data: 'database.sql', roles: 'accounts.sql' };

/** MariaDB: SQL as `mariadb-dump` writes it. */
export const mariadb: Engine = {
  objects,
  open: (access) => openSession('mariadb', access),
  demandServerTools: async ({ serverVersion }) => {
    const programs = ['mariadb', 'mariadb-dump', await serverProgram()];
    await demandSeries(programs, seriesOf(serverVersion));
  },
  examine,
  target: (access) => openTarget('mariadb', access),
};

const unproven = (): Promise<never> =>
  Promise.reject(
    new Stop(
      EXIT.cannotProve,
      'A backup of MySQL cannot be proven on a box: Amazon Linux has no server of MySQL. It stays unproven.',
    ),
  );

/** MySQL, dumped by MariaDB's client, since Amazon Linux has no other; never proven on a box. */
export const mysql: Engine = {
  objects,
  open: (access) => openSession('mysql', access),
  demandServerTools: unproven,
  examine: unproven,
  target: (access) => openTarget('mysql', access),
};
