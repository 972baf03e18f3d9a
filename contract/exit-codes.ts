/**
 * Exit codes of the programs on a box and of the command line. A code that is not listed means failure.
 * From 64 on, the numbers of BSD's sysexits.h are used where one fits.
 */
export const EXIT = {
  ok: 0,
  /** Something failed that has no code of its own. Nothing was committed. */
  failed: 1,
  /** `prove` compared and found a difference: the backup does not restore to what its manifest says. */
  notProven: 3,
  /** A push was committed, but some of its files were refused or could not be read; the receipt names them. */
  someRefused: 4,
  /** Wrong words on the command line or a wrong setting; nothing was begun. */
  usage: 64,
  /** The database refuses: password, TLS, or something the dumping role may not read. Nothing was begun. */
  databaseRefused: 65,
  /** No such backup, box or stack. */
  notFound: 66,
  /** The database, a box or AWS cannot be reached, has no room, or went away in the middle. */
  unavailable: 69,
  /** Client tools do not fit the server (wrong major, or missing). Nothing was begun. */
  wrongTools: 70,
  /** No server of the backup's engine can run on a box; the backup stays unproven. */
  cannotProve: 71,
  /** Not enough room on the scratch disk; nothing can be said about the backup. */
  noRoom: 73,
  /** The boot of the box failed or never finished. */
  bootFailed: 75,
  /** AWS does not allow this to whoever is signed in. */
  notAllowed: 77,
  /** No credentials, no region, or ones that AWS does not accept. Nothing was begun. */
  notConfigured: 78,
  /** Ended by Ctrl-C or SIGTERM; whatever was opened has been closed. */
  interrupted: 130,
} as const;
