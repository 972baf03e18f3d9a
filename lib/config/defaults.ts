import { type Settings, settingsSchema } from './schema';

/** What the settings are where nothing is said, which is also what props of the same names are. */
export const DEFAULTS: Settings = settingsSchema.parse({});
