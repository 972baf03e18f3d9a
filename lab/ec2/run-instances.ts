import { CreateTagsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { structuresOf, withInput } from '../endpoint/call';
import type { AwsCall, AwsReply, Forward } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import type { Boxes } from './boxes';
import type { ClientTokens, Launched } from './client-tokens';
import { reservationOf } from './instance-states';
import { launchParameters, type Flat } from './launch-parameters';
import { itemsOf, readAnswer, textOf, type Element } from './reservations';
import { readUserData, UnknownUserData, type UserDataPart } from './user-data';

/** Raw user data may have so many bytes: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
const MAX_USER_DATA_BYTES = 16_384;

/** Tag keys that instance metadata can serve: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html */
const METADATA_KEY = /^(?!\.{1,2}$|_index$)[0-9a-zA-Z\-_+=,.@:]{1,255}$/;

const PROTOCOL = ['Action', 'Version'];

function requestOf(call: AwsCall): Flat {
  const pairs = Object.entries(call.input).filter(([key]) => !PROTOCOL.includes(key));
  return Object.fromEntries(pairs.map(([key, value]) => [key, String(value)]));
}

const has = (parameters: Flat, group: string): boolean =>
  Object.keys(parameters).some((key) => key === group || key.startsWith(`${group}.`));

/** A network interface brings its own subnet and groups. */
function refuseTwoNetworks(parameters: Flat): void {
  if (!has(parameters, 'NetworkInterface')) return;
  const both = [
    ['SubnetId', 'an instance-level subnet ID'],
    ['SecurityGroupId', 'an instance-level security groups'],
    ['SecurityGroup', 'an instance-level security groups'],
  ].find(([group = '']) => has(parameters, group));
  if (both === undefined) return;
  throw new AwsFault(
    'InvalidParameterCombination',
    `Network interfaces and ${both[1] ?? ''} may not be specified on the same request`,
  );
}

function refuseTagKeys(parameters: Flat): void {
  if (parameters['MetadataOptions.InstanceMetadataTags'] !== 'enabled') return;
  const specifications = structuresOf(parameters, 'TagSpecification');
  const tags = specifications
    .filter(({ ResourceType }) => ResourceType === 'instance')
    .flatMap((specification) => structuresOf(specification, 'Tag'));
  const bad = tags.find(({ Key = '' }) => !METADATA_KEY.test(Key));
  if (bad === undefined) return;
  throw new AwsFault(
    'InvalidParameterValue',
    `'${bad.Key ?? ''}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
  );
}

async function userDataOf(parameters: Flat): Promise<UserDataPart[]> {
  const raw = Buffer.from(parameters.UserData ?? '', 'base64');
  if (raw.length > MAX_USER_DATA_BYTES) {
    throw new AwsFault('InvalidParameterValue', `User data is limited to ${MAX_USER_DATA_BYTES} bytes`);
  }
  try {
    return await readUserData(raw);
  } catch (error) {
    if (error instanceof UnknownUserData) throw new AwsFault('InvalidParameterValue', error.message);
    throw error;
  }
}

/** EC2's RunInstances: template and request together, idempotent by token, and a box for each instance. */
export class RunInstances {
  constructor(
    private readonly context: LabContext,
    private readonly boxes: Boxes,
    private readonly tokens: ClientTokens,
  ) {}

  async run(call: AwsCall, forward: Forward): Promise<AwsReply> {
    const request = requestOf(call);
    const parameters = await launchParameters(this.context, call.region, request);
    refuseTwoNetworks(parameters);
    refuseTagKeys(parameters);
    const userData = await userDataOf(parameters);
    if (request.DryRun === 'true') return forward(withInput(call, { ...call.input, ...parameters }));
    const scope = `${call.region}/${await this.zoneOf(call.region, request.SubnetId)}`;
    const launched = await this.tokens.once(scope, request, () =>
      this.launch(call, forward, parameters, userData),
    );
    const [first] = launched.instanceIds;
    return launched.again && first !== undefined
      ? reservationOf(this.boxes, call, forward, first)
      : launched.reply;
  }

  private async launch(
    call: AwsCall,
    forward: Forward,
    parameters: Flat,
    userData: readonly UserDataPart[],
  ): Promise<Launched> {
    const protocol = Object.fromEntries(PROTOCOL.map((name) => [name, call.input[name]]));
    const reply = await forward(withInput(call, { ...protocol, ...parameters }));
    if (reply.status !== 200) throw faultOf(reply);
    const instances = itemsOf(readAnswer(reply).content, 'instancesSet');
    const instanceIds = instances.map((instance) => textOf(instance, 'instanceId'));
    await this.tagInterfaces(call.region, parameters, instances);
    for (const instanceId of instanceIds) {
      await this.boxes.launch({
        instanceId,
        region: call.region,
        userData,
        hasRole: has(parameters, 'IamInstanceProfile'),
        shutdownBehavior: parameters.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
      });
    }
    return { reply, instanceIds };
  }

  /** The emulator tags instances and volumes at launch; network interfaces are tagged here. */
  private async tagInterfaces(
    region: string,
    parameters: Flat,
    instances: readonly Element[],
  ): Promise<void> {
    const specification = structuresOf(parameters, 'TagSpecification').find(
      ({ ResourceType }) => ResourceType === 'network-interface',
    );
    if (specification === undefined) return;
    const Resources = instances
      .flatMap((instance) => itemsOf(instance, 'networkInterfaceSet'))
      .map((one) => textOf(one, 'networkInterfaceId'));
    const Tags = structuresOf(specification, 'Tag').map(({ Key = '', Value = '' }) => ({ Key, Value }));
    if (Resources.length === 0 || Tags.length === 0) return;
    await this.ec2(region, (ec2) => ec2.send(new CreateTagsCommand({ Resources, Tags })));
  }

  private async zoneOf(region: string, subnetId: string | undefined): Promise<string> {
    if (subnetId === undefined) return '';
    try {
      const { Subnets } = await this.ec2(region, (ec2) =>
        ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] })),
      );
      return Subnets?.[0]?.AvailabilityZone ?? '';
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new AwsFault(error.name, error.message);
    }
  }

  private async ec2<T>(region: string, use: (ec2: EC2Client) => Promise<T>): Promise<T> {
    const ec2 = new EC2Client(emulatorAccess(this.context, region));
    try {
      return await use(ec2);
    } finally {
      ec2.destroy();
    }
  }
}

/** The emulator's refusal, so that a failed call does not use its token up. */
function faultOf(reply: AwsReply): AwsFault {
  const { content } = readAnswer(reply);
  const errors = content.Errors as Element | undefined;
  const error = errors?.Error as Element | undefined;
  const code = error === undefined ? 'InternalError' : textOf(error, 'Code');
  return new AwsFault(
    code,
    error === undefined ? reply.body.toString() : textOf(error, 'Message'),
    reply.status,
  );
}
