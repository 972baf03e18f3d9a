import { type Settings, settingsSchema } from './schema';

/** What the settings are where nothing is said, which is also what props of the same names are. */
export const DEFAULTS: Settings = settingsSchema.parse({});

/** Properties, with the default of every setting that they leave out. */
export const withDefaults = <P extends object>(props: P): Settings & P => ({ ...DEFAULTS, ...props });
