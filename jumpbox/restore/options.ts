import type { MissingRoles } from '../../contract/restore';

/** How a backup is restored. */
export interface RestoreOptions {
  /** Processes that restore at a time, where the engine's tool can do that; undefined: one for each processor of the box. */
  readonly jobs: number | undefined;
  readonly roles: MissingRoles;
}
