import type { Manifest } from '../contract/manifest';
import type { Engine } from './engine';
import { postgres } from './postgres/engine';

/** Every engine that this program can back up. */
export const ENGINES: Readonly<Record<Manifest['engine'], Engine>> = { postgres };
