import type { LabContext } from './context';

/** What an SDK client needs to speak to the emulator behind the lab's endpoint. */
export interface EmulatorAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Settings of an SDK client that reads or writes the emulator's records, past the lab's extensions. */
export function emulatorAccess(context: LabContext, region: string): EmulatorAccess {
  // The emulator accepts any key that is not one of a role it knows.
  return {
    endpoint: context.emulator,
    region,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
}
