import { prepareEmulator } from '../../lab/moto';

/** Before the first suite of the lab: what it installs once is installed by one, not by each worker's first suite. */
export default async function prepareLab(): Promise<void> {
  // Where it cannot be, the suites that need it say so themselves; the others run.
  await prepareEmulator(console.log).catch(console.error);
}
