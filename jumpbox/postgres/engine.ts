import type { Engine } from '../engine';
import { examine } from './prove/examine';
import { openTarget } from './restore/target';
import { openSession } from './session';
import { demandMajor } from './tools';

const SERVER_PROGRAMS = ['pg_restore', 'pg_dump', 'psql', 'initdb', 'postgres'];

/** PostgreSQL: `pg_dump` custom format, without compression of its own. */
export const postgres: Engine = {
  objects: { data: 'database.pgdump', roles: 'roles.sql' },
  open: openSession,
  demandServerTools: async ({ serverVersion }) => {
    await demandMajor(SERVER_PROGRAMS, serverVersion);
  },
  examine,
  target: openTarget,
};
