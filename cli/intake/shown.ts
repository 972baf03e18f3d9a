import { escapePath } from '../../contract/intake-path';

/** Text of a hostile machine, as a terminal may show it. */
export const shown = (text: string): string => escapePath(Buffer.from(text));
