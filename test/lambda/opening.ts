import type { CreateEnvironment } from '../../lambda/environment';
import type { Opening } from '../../lambda/open';
import { FakeClock } from './fake-clock';
import { FakeEc2, STACK } from './fake-ec2';

/** Environment of the create function in the tests: two types, two subnets, two boxes. */
export const ENVIRONMENT: CreateEnvironment = {
  stackId: STACK,
  name: 'drawbridge',
  templates: {
    access: { launchTemplateId: 'lt-access', version: '3' },
    backup: { launchTemplateId: 'lt-backup', version: '7' },
  },
  subnetIds: ['subnet-a', 'subnet-b'],
  instanceTypes: ['t4g.micro', 't4g.small'],
  ttlMinutes: 60,
  maxTtlMinutes: 720,
  maxBoxes: 2,
  databaseHost: 'db.example.internal',
  databasePort: 5432,
  source: undefined,
  shellDocument: undefined,
  connectDocument: undefined,
  intakeDocument: undefined,
  region: 'eu-central-1',
};

/** A fresh account and what the create function works with there. */
export interface Account {
  readonly ec2: FakeEc2;
  readonly clock: FakeClock;
  readonly opening: Opening;
}

/** See {@link Account}. */
export function account(
  environment: Partial<CreateEnvironment> = {},
  invocationId = 'invocation-1',
): Account {
  const clock = new FakeClock();
  const ec2 = new FakeEc2(clock);
  const opening = { ec2: ec2.client, environment: { ...ENVIRONMENT, ...environment }, clock, invocationId };
  return { ec2, clock, opening };
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('The call was expected to fail with an error.');
}

/** Keeps the functions' log out of the test's output. For `beforeEach`. */
export function quiet(): void {
  jest.spyOn(console, 'log').mockReturnValue();
}
