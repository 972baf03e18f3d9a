import type { Settings } from './schema';

/**
 * Properties of constructs that are settings of the app: the same name, the same meaning, the same default. The app checks
 * what it is told before it makes a construct; who uses a construct alone gives what TypeScript and AWS accept.
 */
export interface SettingProps {
  /**
   * Prefix of names; the name under which metrics are found.
   *
   * @defaultValue drawbridge
   */
  readonly name?: Settings['name'];
  /**
   * `postgres`, `mysql` or `mariadb`. Another one is another, empty database.
   *
   * @defaultValue postgres
   */
  readonly engine?: Settings['engine'];
  /**
   * Full version, or the major where that is enough (PostgreSQL).
   *
   * @defaultValue the newest that was tried: `18` for PostgreSQL, full versions of the others
   */
  readonly engineVersion?: Settings['engineVersion'];
  /**
   * RDS instance class, without `db.`.
   *
   * @defaultValue t4g.micro
   */
  readonly instanceClass?: Settings['instanceClass'];
  /**
   * Size of the database's gp3 storage, in GiB.
   *
   * @defaultValue 20
   */
  readonly storageGiB?: Settings['storageGiB'];
  /**
   * A standby in a second zone, at twice the price.
   *
   * @defaultValue false
   */
  readonly multiAz?: Settings['multiAz'];
  /**
   * Name of the database that is created.
   *
   * @defaultValue app
   */
  readonly databaseName?: Settings['databaseName'];
  /**
   * Certificates of further authorities to trust for the database, in PEM form.
   *
   * @defaultValue Amazon's alone
   */
  readonly databaseCa?: Settings['databaseCa'];
  /**
   * Server parameters beyond those that are always set, such as `{ work_mem: '8192' }`.
   *
   * @defaultValue none
   */
  readonly databaseParameters?: Settings['databaseParameters'];
  /**
   * Days for which RDS keeps its own backups.
   *
   * @defaultValue 7
   */
  readonly databaseBackupDays?: Settings['databaseBackupDays'];
  /**
   * When RDS takes them, in UTC, such as `02:00-02:30`.
   *
   * @defaultValue RDS chooses
   */
  readonly databaseBackupWindow?: Settings['databaseBackupWindow'];
  /**
   * Refuses to delete the database, and with it the stack.
   *
   * @defaultValue false
   */
  readonly deletionProtection?: Settings['deletionProtection'];
  /**
   * What becomes of data when the stack is deleted.
   *
   * @defaultValue keep
   */
  readonly onDestroy?: Settings['onDestroy'];
  /**
   * Databases of the instance that are backed up.
   *
   * @defaultValue app
   */
  readonly databases?: Settings['databases'];
  /**
   * When a run begins, as EventBridge Scheduler writes it.
   *
   * @defaultValue cron(0 3 * * ? *)
   */
  readonly schedule?: Settings['schedule'];
  /**
   * Time zone of the schedule.
   *
   * @defaultValue UTC
   */
  readonly timeZone?: Settings['timeZone'];
  /**
   * Databases that a run backs up at a time, each on a box of its own.
   *
   * @defaultValue 2
   */
  readonly backupConcurrency?: Settings['backupConcurrency'];
  /**
   * Proves every n-th backup.
   *
   * @defaultValue 1, all
   */
  readonly proofEvery?: Settings['proofEvery'];
  /**
   * Days of which the last proven backup stays.
   *
   * @defaultValue 7
   */
  readonly keepDaily?: Settings['keepDaily'];
  /**
   * Weeks of which the first proven backup stays.
   *
   * @defaultValue 4
   */
  readonly keepWeekly?: Settings['keepWeekly'];
  /**
   * Months of which the first proven backup stays.
   *
   * @defaultValue 12
   */
  readonly keepMonthly?: Settings['keepMonthly'];
  /**
   * Proven backups that stay whatever their age.
   *
   * @defaultValue 3
   */
  readonly keepAtLeast?: Settings['keepAtLeast'];
  /**
   * Lock on what is written: `compliance` nobody can shorten.
   *
   * @defaultValue governance
   */
  readonly objectLockMode?: Settings['objectLockMode'];
  /**
   * Days for which a written backup cannot be deleted.
   *
   * @defaultValue 7
   */
  readonly objectLockDays?: Settings['objectLockDays'];
  /**
   * arm64 instance types of boxes, tried in order.
   *
   * @defaultValue t4g.micro, t4g.small, t4g.medium
   */
  readonly boxTypes?: Settings['boxTypes'];
  /**
   * Disk of a box, in GiB.
   *
   * @defaultValue 20
   */
  readonly boxVolumeGiB?: Settings['boxVolumeGiB'];
  /**
   * Life of a box when the request names none, in minutes.
   *
   * @defaultValue 60
   */
  readonly ttlMinutes?: Settings['ttlMinutes'];
  /**
   * Longest life of a box, in minutes; an upload that is older belongs to nobody.
   *
   * @defaultValue 720
   */
  readonly maxTtlMinutes?: Settings['maxTtlMinutes'];
  /**
   * Operators must have signed in with a second factor.
   *
   * @defaultValue false
   */
  readonly operatorMfa?: Settings['operatorMfa'];
  /**
   * Networks from which operators may come.
   *
   * @defaultValue from anywhere
   */
  readonly operatorCidrs?: Settings['operatorCidrs'];
  /**
   * A session without a keystroke ends after so many minutes.
   *
   * @defaultValue 20
   */
  readonly sessionIdleMinutes?: Settings['sessionIdleMinutes'];
  /**
   * A session ends after so many minutes, used or not.
   *
   * @defaultValue 720
   */
  readonly sessionMaxMinutes?: Settings['sessionMaxMinutes'];
  /**
   * Who is told of failures and alarms; AWS asks that address to confirm first.
   *
   * @defaultValue nobody, until somebody subscribes
   */
  readonly notifyEmail?: Settings['notifyEmail'];
}
