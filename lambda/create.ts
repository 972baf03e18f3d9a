import { EC2Client } from '@aws-sdk/client-ec2';
import type { Context } from 'aws-lambda';
import { type BoxResult, type ExtendEvent, extendEvent, type OpenEvent, openEvent } from '../contract/events';
import { parseOrRefuse } from '../contract/problems';
import { PURPOSES } from '../contract/purposes';
import { systemClock } from './clock';
import { type CreateEnvironment, createEnvironment } from './environment';
import { extendBox } from './extend';
import { openBox, type Opening } from './open';
import { z } from 'zod';

const ec2 = new EC2Client({ maxAttempts: 5 });

/**
 * Opens a box, or moves the expiry of one: see contract/events.ts for the two events.
 *
 * Needs ec2:DescribeInstances; ec2:RunInstances with this stack's templates, and ec2:CreateTags while launching, with the
 * keys of contract/tags.ts on instance, volume and network interface; iam:PassRole for the boxes' roles; on instances of
 * this stack ec2:CreateTags for the expiry tag alone, and ec2:TerminateInstances to take back a box that came too late.
 */
export async function handler(event: unknown, context: Pick<Context, 'awsRequestId'>): Promise<BoxResult> {
  const environment = createEnvironment(process.env);
  return create(event, { ec2, environment, clock: systemClock, invocationId: context.awsRequestId });
}

/** The function with all that it depends on. An event with `instanceId` extends, any other opens. */
export async function create(event: unknown, opening: Opening): Promise<BoxResult> {
  const asked = readCreateEvent(event, opening.environment);
  return 'instanceId' in asked ? extendBox(asked, opening) : openBox(asked, opening);
}

/** Reads the event; throws RefusedInput naming every problem, the accepted fields and their ranges. */
export function readCreateEvent(event: unknown, environment: CreateEnvironment): OpenEvent | ExtendEvent {
  const { ttlMinutes: byDefault, maxTtlMinutes: max, templates } = environment;
  const ttlMinutes = z.int().min(1).max(max);
  if (typeof event === 'object' && event !== null && 'instanceId' in event) {
    const accepted = `{ "instanceId": "i-…", "ttlMinutes": whole minutes from now, 1 to ${max} } to extend a box.`;
    return parseOrRefuse(extendEvent.extend({ ttlMinutes }), event, 'event of the create function', accepted);
  }
  const offered = PURPOSES.filter((purpose) => templates[purpose] !== undefined);
  const accepted =
    `purpose: ${offered.join(' or ')} (default ${offered[0] ?? 'none'}); ttlMinutes: whole number, 1 to ${max} (default ${byDefault}); ` +
    'reason and requestedBy: up to 200 letters, digits, spaces and _ . : / = + - @ each; requestId: 1 to 64 letters, digits and . _ - ' +
    '(the same id returns the same box while it lives); holder: the same, another holder is refused then. All optional. With instanceId and ttlMinutes: extends that box.';
  const schema = openEvent.extend({ ttlMinutes: ttlMinutes.optional(), purpose: z.enum(offered).optional() });
  return parseOrRefuse(schema, event, 'event of the create function', accepted);
}
