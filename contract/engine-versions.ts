import type { Engine } from './engines';

/** Versions of an engine that the app can serve: RDS runs them, and Amazon Linux has client tools for them. */
interface Versions {
  readonly pattern: RegExp;
  readonly accepted: string;
  /** Versions with which CloudFormation makes an instance; the others are good for one that exists. */
  readonly makes: RegExp;
  /** The default. */
  readonly standard: string;
}

const FULL = /^\d+\.\d+\.\d+$/;

/**
 * RDS: https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html and its
 * sisters; Amazon Linux: https://docs.aws.amazon.com/linux/al2023/release-notes/relnotes.html (`postgresql18` since
 * 2023.11, `mariadb114` since 2026, no MySQL client, whose place MariaDB's takes).
 */
export const VERSIONS: Readonly<Record<Engine, Versions>> = {
  postgres: {
    pattern: /^1[5-8](\.\d{1,2})?$/,
    accepted: 'a PostgreSQL major from 15 to 18, such as "18", or a full version such as "17.11"',
    makes: /./,
    standard: '18',
  },
  mysql: {
    pattern: /^8\.[04](\.\d{1,2})?$/,
    accepted: 'a MySQL version such as "8.4.11", or the major, "8.4" or "8.0", of a database that exists',
    makes: FULL,
    standard: '8.4.11',
  },
  mariadb: {
    pattern: /^(10\.11|11\.4)(\.\d{1,2})?$/,
    accepted:
      'a MariaDB version that Amazon Linux has tools for, such as "11.4.13" or "10.11.19", or the major of a database that exists',
    makes: FULL,
    standard: '11.4.13',
  },
};

/** Major of an engine version: `17` of `17.11`, `8.4` of `8.4.10`. */
export const majorOf = (engine: Engine, version: string): string =>
  version
    .split('.')
    .slice(0, engine === 'postgres' ? 1 : 2)
    .join('.');
