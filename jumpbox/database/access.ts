import type { BoxSettings } from '../environment';
import type { Login } from './secret';

/** How to reach the database, with everything that its client programs and a driver need. */
export interface Access {
  readonly settings: BoxSettings;
  readonly login: Login;
  /** PEM certificates. */
  readonly authorities: readonly string[];
  /** The same in a file, for client programs. */
  readonly authoritiesFile: string;
}
