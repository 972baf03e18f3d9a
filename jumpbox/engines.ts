import type { Engine as Name } from '../contract/engines';
import type { Engine } from './engine';
import { mariadb, mysql } from './mariadb/engine';
import { postgres } from './postgres/engine';

/** Every engine that this program can back up. */
export const ENGINES: Readonly<Record<Name, Engine>> = { postgres, mysql, mariadb };
