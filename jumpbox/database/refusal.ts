import { EXIT } from '../../contract/exit-codes';
import { ProgramFailed } from '../process/program';
import { codeOf, type ExitCode, reasonOf, Stop } from '../stop';

/** Codes of Node's TLS: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSED = /^(28|3D|42501)/;
const GONE = /^(08|57P|53300)/;

/** Words of libpq and the server when the connection could not be made or was lost. */
const GONE_WORDS =
  /server closed the connection|terminating connection|could not connect|connection to server .* failed|connection terminated|no connection to the server|could not receive data from server|SSL connection has been closed|the database system is (shutting down|starting up|in recovery)|Lost connection to (MySQL )?server|TLS\/SSL error: unexpected eof|server has gone away|Can't connect to|Server shutdown in progress|Too many connections|SSL SYSCALL error|Connection ended unexpectedly/i;
const REFUSED_WORDS =
  /password authentication failed|Access denied for user|command denied to user|Unknown database|TLS\/SSL error: (?!unexpected eof)|SSL is required|no pg_hba\.conf entry|permission denied|certificate verify failed|does not support SSL/i;

/** Which exit code fits the words of a client program or of the server. */
export function exitOfWords(words: string): ExitCode {
  if (REFUSED_WORDS.test(words)) return EXIT.databaseRefused;
  return GONE_WORDS.test(words) ? EXIT.unavailable : EXIT.failed;
}

function exitOf(error: unknown): ExitCode {
  const code = codeOf(error) ?? '';
  if (TLS.test(code) || REFUSED.test(code)) return EXIT.databaseRefused;
  if (GONE.test(code) || /^(ECONN|ENOTFOUND|ETIMEDOUT|EHOST|ENET|EAI_|EPIPE)/.test(code))
    return EXIT.unavailable;
  const words = exitOfWords(reasonOf(error));
  return words === EXIT.failed && /timeout/i.test(reasonOf(error)) ? EXIT.unavailable : words;
}

/** Turns an error of the driver into one sentence with an exit code. */
export function databaseStop(what: string, error: unknown): Stop {
  if (error instanceof Stop) return error;
  return new Stop(exitOf(error), `${what}: ${reasonOf(error)}`);
}

/** The same for an error of a client program, whose words tell. */
export function explainedFailure(what: string, error: unknown): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  return new Stop(exitOfWords(error.words), `${what}: ${reasonOf(error)}. Nothing was begun.`);
}
