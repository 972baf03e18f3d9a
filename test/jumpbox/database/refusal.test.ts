import { EXIT } from '../../../contract/exit-codes';
import { databaseStop, exitOfWords } from '../../../jumpbox/database/refusal';
import { majorOf } from '../../../jumpbox/postgres/tools';
import { unreadableMessage } from '../../../jumpbox/postgres/preflight';
import { rdsRoots } from '../../../jumpbox/database/trust';

const withCode = (code: string, message = 'no'): Error => Object.assign(new Error(message), { code });

describe('what a failure of the database means', () => {
  it.each([
    ['28P01', EXIT.databaseRefused],
    ['28000', EXIT.databaseRefused],
    ['3D000', EXIT.databaseRefused],
    ['42501', EXIT.databaseRefused],
    ['SELF_SIGNED_CERT_IN_CHAIN', EXIT.databaseRefused],
    ['ERR_TLS_CERT_ALTNAME_INVALID', EXIT.databaseRefused],
    ['CERT_HAS_EXPIRED', EXIT.databaseRefused],
    ['57P01', EXIT.unavailable],
    ['57P03', EXIT.unavailable],
    ['53300', EXIT.unavailable],
    ['ECONNREFUSED', EXIT.unavailable],
    ['ENOTFOUND', EXIT.unavailable],
    ['42601', EXIT.failed],
  ])('code %s', (code, exit) => {
    expect(databaseStop('Connecting', withCode(code)).exit).toBe(exit);
  });

  it.each([
    ['pg_dump: error: server closed the connection unexpectedly', EXIT.unavailable],
    ['FATAL:  terminating connection due to administrator command', EXIT.unavailable],
    ['FATAL:  password authentication failed for user "x"', EXIT.databaseRefused],
    ['ERROR:  permission denied for table t', EXIT.databaseRefused],
    ['ERROR:  canceling statement due to lock timeout', EXIT.failed],
  ])('words %j', (words, exit) => {
    expect(exitOfWords(words)).toBe(exit);
  });
});

describe('the major version', () => {
  it.each([
    ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', 15],
    ['pg_restore (PostgreSQL) 18beta1', 18],
    ['17.6', 17],
    ['pg_dump (PostgreSQL) 9.6.24', 9],
    ['no number', undefined],
  ])('of %j', (line, major) => {
    expect(majorOf(line)).toBe(major);
  });
});

describe('what cannot be read', () => {
  it('is named in one message with its cure', () => {
    const message = unreadableMessage('dumper', [
      { kind: 'table', name: 'a.b', cure: 'GRANT SELECT ON a.b TO dumper;' },
      { kind: 'large object', name: '7', cure: 'GRANT SELECT ON LARGE OBJECT 7 TO dumper;' },
    ]);
    expect(message).toContain('The role dumper may not read');
    expect(message).toContain('- table a.b: GRANT SELECT ON a.b TO dumper;\n- large object 7: GRANT');
  });
});

describe('the roots of RDS', () => {
  const at = (year: number): number => rdsRoots(new Date(Date.UTC(year, 10, 22))).length;

  it('are many, one per region and algorithm, and fewer when some have expired', () => {
    expect(at(2026)).toBeGreaterThan(60);
    expect(at(2070)).toBeLessThan(at(2026));
    expect(at(2200)).toBe(0);
  });
});
