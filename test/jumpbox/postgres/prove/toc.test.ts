import { extensionsOf, parseToc, tocDifference } from '../../../../jumpbox/postgres/prove/toc';

const LISTING = `;
; Archive created at 2026-11-22 03:00:00 UTC
;     dbname: app
;
;
; Selected TOC Entries:
;
7; 2615 16385 SCHEMA - shop app
2; 3079 16386 EXTENSION - hstore 
3441; 0 0 COMMENT - EXTENSION hstore 
217; 1259 16390 TABLE shop Schuh "Größe" Tabelle app
231; 1255 16500 FUNCTION shop f(integer, text) app
232; 1255 16501 FUNCTION shop f(integer, text) app
`;

describe('the table of contents', () => {
  it('is read without the numbers that differ from server to server', () => {
    expect(parseToc(LISTING).map(({ id, identity }) => `${String(id)}|${identity.trim()}`)).toEqual([
      '7|SCHEMA - shop app',
      '2|EXTENSION - hstore',
      '3441|COMMENT - EXTENSION hstore',
      '217|TABLE shop Schuh "Größe" Tabelle app',
      '231|FUNCTION shop f(integer, text) app',
      '232|FUNCTION shop f(integer, text) app',
    ]);
    expect(extensionsOf(parseToc(LISTING))).toEqual(['hstore']);
  });

  it('shows what is missing and what is too much, as often as it is', () => {
    const archive = parseToc(LISTING);
    const restored = parseToc(
      '1; 1 1 SCHEMA - shop app\n2; 1 1 FUNCTION shop f(integer, text) app\n3; 1 1 TABLE shop extra app\n',
    );
    const { missing, unexpected } = tocDifference(archive, restored);
    expect(missing).toContain('FUNCTION shop f(integer, text) app');
    expect(missing).toHaveLength(4);
    expect(unexpected).toEqual(['TABLE shop extra app']);
  });
});
