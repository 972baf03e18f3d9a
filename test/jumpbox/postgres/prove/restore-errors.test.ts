import {
  ignoredErrors,
  judgeErrors,
  parseRestoreErrors,
} from '../../../../jumpbox/postgres/prove/restore-errors';
import { parseToc } from '../../../../jumpbox/postgres/prove/toc';

const TOC = parseToc(`2; 3079 1 EXTENSION - postgis 
10; 1259 2 TABLE public places app
11; 0 2 TABLE DATA public places app
12; 1259 3 TABLE public other app
13; 1259 4 VIEW public view_of_other app
14; 2606 5 CONSTRAINT public places places_pkey app
`);

const WORDS = `pg_restore: connecting to database for restore
pg_restore: creating EXTENSION "postgis"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 2; 3079 1 EXTENSION postgis (no owner)
pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available
DETAIL:  Could not open extension control file
Command was: CREATE EXTENSION postgis;
pg_restore: creating TABLE "public.places"
pg_restore: from TOC entry 10; 1259 2 TABLE places app
pg_restore: error: could not execute query: ERROR:  type "public.geometry" does not exist
LINE 2: x
pg_restore: error: could not execute query: ERROR:  relation "public.places" does not exist
pg_restore: from TOC entry 14; 2606 5 CONSTRAINT places places_pkey app
pg_restore: error: could not execute query: ERROR:  relation "public.places" does not exist
pg_restore: warning: errors ignored on restore: 4
`;

describe('the errors of a restore', () => {
  it('are read with the entries they belong to', () => {
    const errors = parseRestoreErrors(WORDS);
    expect(errors.map(({ entryId }) => entryId)).toEqual([2, 10, 10, 14]);
    expect(errors[1]?.message).toBe('ERROR:  type "public.geometry" does not exist');
    expect(ignoredErrors(WORDS)).toBe(4);
    expect(ignoredErrors('')).toBe(0);
  });

  it('are exceptions when an extension is missing, with all that rests on it', () => {
    const verdict = judgeErrors(parseRestoreErrors(WORDS), TOC, ['postgis']);
    expect(verdict.differences).toEqual([]);
    expect(verdict.exceptions[0]).toBe('extension postgis');
    expect(verdict.exceptions.join()).toContain('TABLE public places app');
    expect([...verdict.excepted]).toEqual([
      'EXTENSION - postgis ',
      'TABLE public places app',
      'CONSTRAINT public places places_pkey app',
    ]);
  });

  it('are differences when no extension is missing', () => {
    expect(judgeErrors(parseRestoreErrors(WORDS), TOC, []).differences).toHaveLength(4);
  });

  it('are differences when what is missing should have come from the backup itself', () => {
    const words = `pg_restore: from TOC entry 13; 1259 4 VIEW view_of_other app
pg_restore: error: could not execute query: ERROR:  relation "public.other" does not exist
`;
    const verdict = judgeErrors(parseRestoreErrors(words), TOC, ['postgis']);
    expect(verdict.differences).toEqual([
      {
        what: 'restore of VIEW public view_of_other app',
        expected: 'no error',
        found: 'ERROR:  relation "public.other" does not exist',
      },
    ]);
  });

  it('are differences when they are of another kind, extension or not', () => {
    const words = `pg_restore: from TOC entry 11; 0 2 TABLE DATA places app
pg_restore: error: COPY failed for table "places": ERROR:  invalid input syntax
`;
    expect(judgeErrors(parseRestoreErrors(words), TOC, ['postgis']).differences).toHaveLength(1);
  });

  it('name roles that only RDS has', () => {
    const words = 'pg_restore: error: could not execute query: ERROR:  role "rdsadmin" does not exist\n';
    const verdict = judgeErrors(parseRestoreErrors(words), TOC, []);
    expect([verdict.exceptions, verdict.differences]).toEqual([['role rdsadmin'], []]);
  });
});
