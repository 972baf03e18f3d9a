import {
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  RunInstancesCommand,
  type ResponseLaunchTemplateData,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { structuresOf } from '../endpoint/call';
import { AwsFault } from '../endpoint/fault';

/** Parameters of RunInstances as the query protocol writes them: `TagSpecification.1.Tag.2.Key`. */
export type Flat = Readonly<Record<string, string>>;

const PROTOCOL = ['Action', 'Version'];

/** Members that name one thing in two ways: giving one in the request drops both of the template. */
const GROUPS: Readonly<Record<string, string>> = { SecurityGroupId: 'SecurityGroup' };

const groupOf = (key: string): string => {
  const [first = ''] = key.split('.');
  return GROUPS[first] ?? first;
};

/** Writes a typed input in the query protocol, with the SDK's own serializer; nothing is sent. */
async function flatten(input: RunInstancesCommandInput, region: string): Promise<Flat> {
  let body = '';
  const ec2 = new EC2Client({ region, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });
  ec2.middlewareStack.add(
    () => (args) => {
      body = String((args.request as { body?: unknown }).body);
      return Promise.resolve({ response: undefined, output: { $metadata: {} } });
    },
    { step: 'build' },
  );
  await ec2.send(new RunInstancesCommand(input));
  ec2.destroy();
  return Object.fromEntries([...new URLSearchParams(body)].filter(([key]) => !PROTOCOL.includes(key)));
}

async function templateData(
  context: LabContext,
  region: string,
  request: Flat,
): Promise<ResponseLaunchTemplateData> {
  const ec2 = new EC2Client(emulatorAccess(context, region));
  const LaunchTemplateId = request['LaunchTemplate.LaunchTemplateId'];
  const LaunchTemplateName = request['LaunchTemplate.LaunchTemplateName'];
  const version = request['LaunchTemplate.Version'] ?? '$Default';
  try {
    const { LaunchTemplateVersions = [] } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateId,
        LaunchTemplateName,
        Versions: [version],
      }),
    );
    const data = LaunchTemplateVersions[0]?.LaunchTemplateData;
    if (data !== undefined) return data;
  } catch (error) {
    const code = error instanceof Error ? error.name : 'InvalidLaunchTemplateId.NotFound';
    throw new AwsFault(code, error instanceof Error ? error.message : String(error));
  } finally {
    ec2.destroy();
  }
  const template = LaunchTemplateId ?? LaunchTemplateName ?? '';
  throw new AwsFault(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${template}.`,
  );
}

/** Tags of template and request, by resource type; the request's value wins where both have a key. */
function mergeTags(template: Flat, request: Flat): Flat {
  const merged = new Map<string, Map<string, string>>();
  for (const flat of [template, request]) {
    for (const specification of structuresOf(flat, 'TagSpecification')) {
      const type = specification.ResourceType ?? '';
      const tags = merged.get(type) ?? new Map<string, string>();
      for (const { Key = '', Value = '' } of structuresOf(specification, 'Tag')) tags.set(Key, Value);
      merged.set(type, tags);
    }
  }
  const lines: [string, string][] = [];
  [...merged].forEach(([type, tags], index) => {
    const prefix = `TagSpecification.${index + 1}`;
    lines.push([`${prefix}.ResourceType`, type]);
    [...tags].forEach(([key, value], at) => {
      lines.push([`${prefix}.Tag.${at + 1}.Key`, key], [`${prefix}.Tag.${at + 1}.Value`, value]);
    });
  });
  return Object.fromEntries(lines);
}

/**
 * Lays a request over a launch template: a parameter that the request gives replaces the template's, tags are joined,
 * metadata options are replaced one by one.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html.
 */
export function mergeParameters(template: Flat, request: Flat): Flat {
  const replaced = new Set(Object.keys(request).map(groupOf));
  for (const merged of ['TagSpecification', 'MetadataOptions']) replaced.delete(merged);
  const kept = Object.entries(template).filter(([key]) => !replaced.has(groupOf(key)));
  const all = { ...Object.fromEntries(kept), ...request };
  const plain = Object.entries(all).filter(([key]) => !/^(LaunchTemplate|TagSpecification)\./.test(key));
  return { ...Object.fromEntries(plain), ...mergeTags(template, request) };
}

/** An image given as `resolve:ssm:<parameter>[:<version or label>]`: https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html */
async function resolveImage(context: LabContext, region: string, image: string): Promise<string> {
  const name = /^resolve:ssm:(.+)$/.exec(image)?.[1];
  if (name === undefined) return image;
  const ssm = new SSMClient(emulatorAccess(context, region));
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return Parameter?.Value ?? '';
  } catch (error) {
    throw new AwsFault(
      'InvalidAMIID.NotFound',
      `The image parameter ${name} cannot be read: ${String(error)}`,
    );
  } finally {
    ssm.destroy();
  }
}

/** What an instance is launched with: launch template, request and resolved image together. */
export async function launchParameters(context: LabContext, region: string, request: Flat): Promise<Flat> {
  const usesTemplate = Object.keys(request).some((key) => key.startsWith('LaunchTemplate.'));
  const { UserData, ...data } = usesTemplate ? await templateData(context, region, request) : {};
  const typed = { ...data, UserData, MinCount: undefined, MaxCount: undefined } as RunInstancesCommandInput;
  const merged = mergeParameters(usesTemplate ? await flatten(typed, region) : {}, request);
  const { ImageId } = merged;
  if (ImageId === undefined)
    throw new AwsFault('MissingParameter', 'The request must contain the parameter ImageId');
  return { ...merged, ImageId: await resolveImage(context, region, ImageId) };
}
