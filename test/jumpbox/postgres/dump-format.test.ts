import { customFormat, rolesScript } from '../../../jumpbox/postgres/dump-format';

const END = '--\n-- PostgreSQL database cluster dump complete\n--\n\n';

describe('the check of an archive', () => {
  it('wants its first five bytes, however they come', () => {
    const format = customFormat();
    for (const letter of 'PGDMP\x01\x0e') format.see(Buffer.from(letter));
    expect(() => {
      format.demandWhole();
    }).not.toThrow();
  });

  it.each(['', 'PGD', 'PGDMX....', '-- PostgreSQL database dump'])('refuses %j', (text) => {
    const format = customFormat();
    format.see(Buffer.from(text));
    expect(() => {
      format.demandWhole();
    }).toThrow('its output is no archive');
  });
});

describe('the check of the roles', () => {
  it('wants the closing line at the end, even cut into pieces', () => {
    const format = rolesScript();
    format.see(Buffer.from(`CREATE ROLE a;\n${'x'.repeat(5000)}\n`));
    for (const letter of END) format.see(Buffer.from(letter));
    expect(() => {
      format.demandWhole();
    }).not.toThrow();
  });

  it('refuses a script without it, or with much after it', () => {
    for (const text of ['CREATE ROLE a;\n', `${END}${'CREATE ROLE b;\n'.repeat(200)}`]) {
      const format = rolesScript();
      format.see(Buffer.from(text));
      expect(() => {
        format.demandWhole();
      }).toThrow('its closing line is missing');
    }
  });
});
