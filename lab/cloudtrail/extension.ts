import type { LabContext } from '../context';
import type { Extension } from '../endpoint/extension';
import { jsonReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { trailOf } from './trail';

/** CloudTrail: the event history. Trails, which deliver it elsewhere, are the emulator's. */
export function cloudTrailExtension(context: LabContext): Extension {
  const trail = trailOf(context);
  return withFaults(context, {
    service: 'cloudtrail',
    operations: { LookupEvents: async (call) => jsonReply(call, await trail.lookUp(call)) },
  });
}
