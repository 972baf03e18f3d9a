import type { Engine } from '../../../contract/engines';
import { mysqlClients } from './mysql';
import { postgresClients } from './postgres';

/** A server at the local end of a tunnel, and who comes. */
export interface LocalServer {
  /** Name in the server's certificate. */
  readonly host: string;
  /** Port of this machine. */
  readonly port: number;
  readonly user: string;
  /** PEM file of what clients are to trust. */
  readonly rootsFile: string;
  /** File with the password, in the form that the engine's clients read. */
  readonly loginFile: string;
}

/** What the client programs of an engine need to be told. */
export interface Clients {
  /** Interactive clients, the first that is installed is started. */
  readonly programs: readonly string[];
  /** Whether they can check the server's name although they connect to this machine. Otherwise a relay does. */
  readonly checkName: boolean;
  /** Name of the login file. */
  readonly loginName: string;
  /** Its text; without a password, clients ask for it. */
  login(server: Omit<LocalServer, 'loginFile'>, password: string | undefined): string;
  /** Ready to use, by their usual names; for `--json`. */
  connectionStrings(server: LocalServer, database: string): Readonly<Record<string, string>>;
  /** What to type. */
  command(server: LocalServer, database: string): string;
  /** For any program of the engine. */
  variables(server: LocalServer, database: string): Readonly<Record<string, string>>;
  /** A program's own words, with what only the command line can tell it. */
  words(server: LocalServer, database: string, words: readonly string[]): readonly string[];
}

/** By engine. */
export const clientsOf = (engine: Engine): Clients =>
  engine === 'postgres' ? postgresClients : mysqlClients(engine);
