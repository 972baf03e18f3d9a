import { DescribeAvailabilityZonesCommand } from '@aws-sdk/client-ec2';
import { makeClients, type Clients } from './clients';
import type { CustomResources } from './custom-resources';
import type { Stack } from './stack';
import { TemplateError } from './values';

/** What every operation on a stack shares. */
export interface Services {
  readonly clients: Clients;
  readonly customResources: CustomResources;
  readonly account: string;
  readonly region: string;
  /** Stacks that are not deleted. */
  readonly stacks: () => readonly Stack[];
  availabilityZones(): Promise<readonly string[]>;
  log(line: string): void;
}

/** Makes the {@link Services} of one region. */
export function makeServices(
  endpoint: string,
  region: string,
  rest: Pick<Services, 'customResources' | 'account' | 'stacks' | 'log'>,
): Services {
  const clients = makeClients(endpoint, region);
  let zones: Promise<readonly string[]> | undefined;
  return {
    ...rest,
    clients,
    region,
    availabilityZones: () =>
      (zones ??= clients.ec2
        .send(new DescribeAvailabilityZonesCommand({}))
        .then(({ AvailabilityZones: found = [] }) => found.map(({ ZoneName = '' }) => ZoneName))),
  };
}

/** Value of an export, whichever stack has it. */
export function importValue(services: Services, name: string): string {
  const found = services
    .stacks()
    .flatMap(({ outputs }) => outputs)
    .find(({ exportName }) => exportName === name);
  if (found === undefined) throw new TemplateError(`No export named ${name} found.`);
  return found.value;
}
