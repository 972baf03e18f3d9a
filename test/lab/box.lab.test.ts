import {
  CreateLaunchTemplateCommand,
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { processesBelow } from '../../lab/ec2/box-processes';
import { startComputeLab, type ComputeLab } from './compute-lab';
import { base64, describe as instance, eventually, IMAGE, inState, launch, makeRole } from './fixtures';

let lab: ComputeLab;
let ec2: EC2Client;

const console_ = async (InstanceId: string): Promise<string> => {
  const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId }));
  return Buffer.from(Output, 'base64').toString();
};

const printed = (id: string, pattern: RegExp): Promise<string> =>
  eventually(async () => {
    const text = await console_(id);
    return pattern.test(text) ? text : undefined;
  });

const rootOf = (id: string): string => join(lab.context.directory, 'boxes', id);

beforeAll(async () => {
  lab = await startComputeLab();
  ec2 = new EC2Client(lab.access);
  await makeRole(lab, 'box');
});

afterAll(async () => {
  ec2.destroy();
  await lab.stop();
  expect(existsSync(lab.context.directory)).toBe(false);
});

const METADATA = `
metadata() { curl -sS -H "X-aws-ec2-metadata-token: $token" "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/$1"; echo; }
token=$(curl -sS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token")
`;

describe('a box', () => {
  it('runs its user data, reads its tags from metadata and terminates when it powers off', async () => {
    const script = `#!/bin/bash
set -eu
${METADATA}
echo "without token: $(curl -s -o /dev/null -w '%{http_code}' $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/meta-data/instance-id)"
echo "id: $(metadata meta-data/instance-id)"
echo "tag: $(metadata meta-data/tags/instance/drawbridge:purpose)"
echo "region: $(metadata meta-data/placement/region)"
echo "identity: $(aws sts get-caller-identity --query Arn --output text)"
echo written > /var/lib/proof
poweroff
`;
    const id = await launch(ec2, 'box', script, {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'drawbridge:purpose', Value: 'access' }] },
      ],
    });
    const ended = await inState(ec2, id, 'terminated');
    expect(ended.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
    const output = await console_(id);
    expect(output).toContain('without token: 401');
    expect(output).toContain(`id: ${id}`);
    expect(output).toContain('tag: access');
    expect(output).toContain('region: eu-west-1');
    expect(output).toContain(`assumed-role/box/${id}`);
    expect(existsSync('/var/lib/proof')).toBe(false);
    expect(existsSync(rootOf(id))).toBe(false);
    expect(processesBelow(lab.context.id, rootOf(id))).toEqual([]);
  });

  it('sees a tag that is changed while it lives', async () => {
    const script = `#!/bin/bash
${METADATA}
until [ "$(metadata meta-data/tags/instance/mark)" = later ]; do sleep 0.1; done
echo "changed"
`;
    const id = await launch(ec2, 'box', script, {
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'mark', Value: 'first' }] }],
    });
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'mark', Value: 'later' }] }));
    expect(await printed(id, /changed/)).toContain('changed');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'terminated');
  });

  it('ends by a timer of its own unit files', async () => {
    const script = `#!/bin/bash
cat > /etc/systemd/system/cap.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "the cap ends $(cat /etc/name)"; systemctl poweroff'
END
cat > /etc/systemd/system/cap.timer <<'END'
[Timer]
OnBootSec=1s
END
echo box > /etc/name
systemctl daemon-reload
systemctl enable --now cap.timer
systemctl is-active cap.timer
`;
    const id = await launch(ec2, 'box', script);
    expect((await inState(ec2, id, 'terminated')).StateReason?.Code).toBe('Client.InstanceInitiatedShutdown');
    expect(await console_(id)).toMatch(/^active$/m);
  });

  it('finds only its own programs, and packages only after dnf has installed them', async () => {
    const script = `#!/bin/bash
echo "path: $PATH"
command -v psql || echo "no psql"
dnf install -y no-such-package || echo "refused: $?"
dnf install -y nodejs24 zstd && node-24 -e 'console.log("node runs")'
zstd --version > /dev/null && echo "zstd runs"
echo "region: \${AWS_REGION:-none} key: \${AWS_ACCESS_KEY_ID:-none}"
`;
    const id = await launch(ec2, 'box', script);
    const output = await printed(id, /Cloud-init finished/);
    expect(
      /^path: (.*)$/m
        .exec(output)?.[1]
        ?.split(':')
        .every((one) => one.startsWith(rootOf(id))),
    ).toBe(true);
    expect(output).toContain('no psql');
    expect(output).toContain('No match for argument: no-such-package');
    expect(output).toContain('refused: 1');
    expect(output).toContain('node runs');
    expect(output).toContain('zstd runs');
    expect(output).toContain('region: none key: none');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'terminated');
  });

  it('goes through shutting-down and takes every process with it', async () => {
    const id = await launch(
      ec2,
      'box',
      "#!/bin/bash\ntrap 'sleep 0.5' TERM\nsetsid sleep 1000 &\necho started\nwait\nwait\n",
    );
    await printed(id, /started/);
    expect(processesBelow(lab.context.id, rootOf(id)).length).toBeGreaterThan(1);
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(TerminatingInstances?.[0]?.CurrentState?.Name).toBe('shutting-down');
    expect(TerminatingInstances?.[0]?.PreviousState?.Name).toBe('running');
    const going = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: ['shutting-down'] }] }),
    );
    expect(going.Reservations?.[0]?.Instances?.[0]?.InstanceId).toBe(id);
    await inState(ec2, id, 'terminated');
    expect(processesBelow(lab.context.id, rootOf(id))).toEqual([]);
    const again = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(again.TerminatingInstances?.[0]?.CurrentState?.Name).toBe('terminated');
  });

  it('stops, keeps its disk, and starts again without running its scripts twice', async () => {
    const id = await launch(ec2, 'box', '#!/bin/bash\necho once >> /var/runs\n');
    await printed(id, /finished/);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'stopped');
    expect(existsSync(join(rootOf(id), 'var/runs'))).toBe(true);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    const output = await printed(id, /finished[\s\S]*finished/);
    expect(output.match(/init-local/g)).toHaveLength(2);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'terminated');
  });
});

describe('RunInstances', () => {
  const tagged = {
    TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'request' }] }],
  };

  it('lays the request over a launch template and joins their tags', async () => {
    const LaunchTemplateName = 'joined';
    await ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName,
        LaunchTemplateData: {
          ImageId: IMAGE,
          InstanceType: 't4g.micro',
          UserData: base64('#!/bin/sh\necho "from the template"\n'),
          InstanceInitiatedShutdownBehavior: 'terminate',
          IamInstanceProfile: { Name: 'box' },
          MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
          TagSpecifications: ['instance' as const, 'network-interface' as const].map((ResourceType) => ({
            ResourceType,
            Tags: [
              { Key: 'a', Value: 'template' },
              { Key: 'b', Value: 'template' },
            ],
          })),
        },
      }),
    );
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: { LaunchTemplateName, Version: '1' },
        InstanceType: 't4g.small',
        ...tagged,
      }),
    );
    const id = Instances?.[0]?.InstanceId ?? '';
    expect(Instances?.[0]?.ImageId).toMatch(/^ami-/);
    expect(Instances?.[0]?.InstanceType).toBe('t4g.small');
    await printed(id, /from the template/);
    const made = await instance(ec2, id);
    expect(made.MetadataOptions?.HttpTokens).toBe('required');
    const tags = Object.fromEntries((made.Tags ?? []).map(({ Key = '', Value }) => [Key, Value]));
    expect(tags).toMatchObject({ a: 'request', b: 'template' });
    const { NetworkInterfaces = [] } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'tag:b', Values: ['template'] }] }),
    );
    expect(NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId)).toEqual([
      made.NetworkInterfaces?.[0]?.NetworkInterfaceId,
    ]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(ec2, id, 'terminated');
  });

  it('is idempotent by client token, also after the instance has ended', async () => {
    const power = '#!/bin/sh\npoweroff\n';
    const id = await launch(ec2, 'box', power, { ClientToken: 'same', ...tagged });
    expect(await launch(ec2, 'box', power, { ClientToken: 'same', ...tagged })).toBe(id);
    await inState(ec2, id, 'terminated');
    expect(await launch(ec2, 'box', power, { ClientToken: 'same', ...tagged })).toBe(id);
    await expect(launch(ec2, 'box', power, { ClientToken: 'same' })).rejects.toThrow(
      expect.objectContaining({ name: 'IdempotentParameterMismatch' }) as Error,
    );
  });

  it('does not use a token up when the call fails', async () => {
    const power = '#!/bin/sh\npoweroff\n';
    await expect(
      launch(ec2, 'box', power, { ClientToken: 'failed', SubnetId: 'subnet-00000000000000000' }),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidSubnetID.NotFound' }) as Error);
    const id = await launch(ec2, 'box', power, { ClientToken: 'failed' });
    await inState(ec2, id, 'terminated');
  });

  it('gives one instance to two calls at once with one token', async () => {
    const both = await Promise.all(
      [1, 2].map(() => launch(ec2, 'box', '#!/bin/sh\npoweroff\n', { ClientToken: 'both' })),
    );
    expect(new Set(both).size).toBe(1);
    await inState(ec2, both[0] ?? '', 'terminated');
  });

  it('refuses what EC2 refuses', async () => {
    const refused = (more: Parameters<typeof launch>[3], code: string): Promise<void> =>
      expect(launch(ec2, 'box', '#!/bin/sh\n', more)).rejects.toThrow(
        expect.objectContaining({ name: code }) as Error,
      );
    await refused(
      { NetworkInterfaces: [{ DeviceIndex: 0 }], SubnetId: 'subnet-1' },
      'InvalidParameterCombination',
    );
    await refused(
      { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a/b', Value: '' }] }] },
      'InvalidParameterValue',
    );
    await refused({ UserData: base64('#!'.padEnd(16_385)) }, 'InvalidParameterValue');
    await refused({ UserData: base64('#cloud-config\n') }, 'InvalidParameterValue');
    await refused(
      { LaunchTemplate: { LaunchTemplateName: 'none' } },
      'InvalidLaunchTemplateName.NotFoundException',
    );
  });

  it('fails as often as a test has ordered, and then no more', async () => {
    const order = (fault: object): Promise<Response> =>
      fetch(`${lab.context.endpoint}/lab/faults`, { method: 'PUT', body: JSON.stringify(fault) });
    const fault = { service: 'ec2', operation: 'RunInstances', code: 'InsufficientInstanceCapacity' };
    expect((await order({ ...fault, matching: { InstanceType: 't4g.micro' } })).status).toBe(204);
    expect((await order({ ...fault, nonsense: 1 })).status).toBe(400);
    const power = '#!/bin/sh\npoweroff\n';
    const other = await launch(ec2, 'box', power, { InstanceType: 't4g.small' });
    await expect(launch(ec2, 'box', power)).rejects.toThrow(
      expect.objectContaining({ name: 'InsufficientInstanceCapacity' }) as Error,
    );
    const id = await launch(ec2, 'box', power);
    for (const one of [other, id]) await inState(ec2, one, 'terminated');
    expect((await instance(ec2, id)).State?.Name).toBe('terminated');
  });
});
