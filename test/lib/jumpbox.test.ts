import { jsonWith, readable, resourceOf, statementsOf, templateWith, type TemplateJson } from './synth';

interface TemplateData {
  readonly UserData: unknown;
  readonly MetadataOptions: unknown;
  readonly SecurityGroupIds: unknown[];
  readonly IamInstanceProfile: { readonly Arn: unknown };
  readonly BlockDeviceMappings: unknown;
  readonly TagSpecifications: readonly { readonly ResourceType: string; readonly Tags: unknown }[];
}

const dataOf = (box: string, template: TemplateJson = jsonWith()): TemplateData =>
  resourceOf(template, 'AWS::EC2::LaunchTemplate', box).Properties.LaunchTemplateData as TemplateData;
const actionsOf = (box: string): string[] =>
  statementsOf(resourceOf(jsonWith(), 'AWS::IAM::Policy', `${box}BlueprintRole`)).flatMap(({ Action }) =>
    [Action].flat(),
  );
const AGENT = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

describe.each([
  ['AccessBox', 'access'],
  ['BackupBox', 'backup'],
  ['RestoreBox', 'restore'],
  ['JumpHost', 'jump-host'],
])('the launch template of %s', (id, purpose) => {
  const data = dataOf(id);

  test('takes the standard image for arm64, resolved at launch (aws-facts 0.4, 13.18)', () => {
    expect(data).toMatchObject({
      ImageId: 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
      InstanceType: 't4g.micro',
    });
  });

  test('demands IMDSv2 and one hop, and shows boxes their tags', () => {
    expect(data.MetadataOptions).toEqual({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      ...(purpose === 'jump-host' ? {} : { InstanceMetadataTags: 'enabled' }),
    });
  });

  test('terminates when the box powers off, disk and all', () => {
    expect(data).toMatchObject({
      InstanceInitiatedShutdownBehavior: 'terminate',
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } },
      ],
    });
  });

  test('has no key pair, no public address, and leaves the subnet to the caller (aws-facts 13.6)', () => {
    expect(data).not.toHaveProperty('KeyName');
    expect(data).not.toHaveProperty('NetworkInterfaces');
    expect(data.SecurityGroupIds.map(readable)).toEqual([`{${id}BlueprintSecurityGroup.GroupId}`]);
  });

  test('has a role of its own', () => {
    expect(readable(data.IamInstanceProfile.Arn)).toBe(`{${id}BlueprintTemplateProfile.Arn}`);
    const { Roles } = resourceOf(jsonWith(), 'AWS::IAM::InstanceProfile', id).Properties as {
      Roles: unknown[];
    };
    expect(Roles).toHaveLength(1);
    expect(readable(Roles[0])).toContain(`${id}BlueprintRole`);
  });

  test('tags instance, volume and network interface', () => {
    const Tags = [
      { Key: 'Name', Value: `drawbridge-${purpose}` },
      { Key: 'drawbridge:purpose', Value: purpose },
      { Key: 'drawbridge:stack', Value: { Ref: 'AWS::StackId' } },
    ];
    expect(data.TagSpecifications).toEqual(
      ['instance', 'volume', 'network-interface'].map((ResourceType) => ({ ResourceType, Tags })),
    );
  });
});

describe('what a box may do', () => {
  test('access box and jump host: Systems Manager and the record of shells; the jump host may leave; nothing else', () => {
    const record = [
      'logs:CreateLogStream',
      'logs:DescribeLogStreams',
      'logs:PutLogEvents',
      'logs:DescribeLogGroups',
    ];
    expect(actionsOf('AccessBox')).toEqual([...AGENT, ...record]);
    expect([...actionsOf('JumpHost')].sort()).toEqual(
      [...AGENT, ...record, 'autoscaling:TerminateInstanceInAutoScalingGroup'].sort(),
    );
  });

  test('backup box: besides, read the password and its program, write and read backups', () => {
    const policy = resourceOf(jsonWith(), 'AWS::IAM::Policy', 'BackupBoxBlueprintRole');
    const found = statementsOf(policy).map(({ Action, Resource, Condition }) => ({
      actions: [Action].flat(),
      on: readable(Resource).replace(/[0-9a-f]{64}\.\w+$/, '<hash>'),
      ...(Condition === undefined ? {} : { when: Condition }),
    }));
    expect(found).toEqual([
      { actions: AGENT, on: '*' },
      { actions: ['secretsmanager:GetSecretValue'], on: '{DatabaseInstance.MasterUserSecret.SecretArn}' },
      {
        actions: [
          's3:AbortMultipartUpload',
          's3:GetObject',
          's3:GetObjectVersion',
          's3:ListMultipartUploadParts',
          's3:PutObject',
        ],
        on: '{BackupsBucket.Arn}/backups/*',
      },
      {
        actions: ['s3:ListBucket'],
        on: '{BackupsBucket.Arn}',
        when: { StringLike: { 's3:prefix': 'backups/*' } },
      },
      { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], on: '{EncryptionKey.Arn}' },
      {
        actions: ['s3:GetObject'],
        on: 'arn:{AWS::Partition}:s3:::cdk-hnb659fds-assets-{AWS::AccountId}-{AWS::Region}/<hash>',
      },
    ]);
  });

  test('restore box: reads the password, its program and backups, and writes nothing', () => {
    expect(actionsOf('RestoreBox')).toEqual([
      ...AGENT,
      'secretsmanager:GetSecretValue',
      's3:GetObject',
      's3:GetObjectVersion',
      's3:ListBucket',
      'kms:Decrypt',
      's3:GetObject',
    ]);
  });

  test('no role carries a policy of AWS, such as the one that reads every parameter', () => {
    for (const { Type, Properties } of Object.values(jsonWith().Resources)) {
      if (Type === 'AWS::IAM::Role') expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });
});

describe('what a box installs', () => {
  test('access box and jump host: nothing', () => {
    for (const box of ['AccessBox', 'JumpHost'])
      expect(readable(dataOf(box).UserData)).not.toMatch(/dnf|aws s3/);
  });

  test('backup box: Node and the tools of the server’s own major', () => {
    expect(readable(dataOf('BackupBox').UserData)).toContain(
      'dnf install -y nodejs24 postgresql18 postgresql18-server postgresql18-contrib zstd\n',
    );
    expect(readable(dataOf('BackupBox', jsonWith({ engineVersion: '16.15' })).UserData)).toContain(
      'postgresql16 postgresql16-server postgresql16-contrib',
    );
  });

  test('backup box: its program and the settings of that, without any secret', () => {
    const text = readable(dataOf('BackupBox').UserData);
    expect(text).toMatch(
      /aws s3 cp .* --region '\{AWS::Region\}' 's3:\/\/cdk-hnb659fds-assets-.*' \/opt\/drawbridge\/jumpbox\.cjs/,
    );
    const environment = /box\.env <<'END_OF_FILE'\n([^]*?)END_OF_FILE/
      .exec(text)?.[1]
      ?.trim()
      .split('\n')
      .sort();
    expect(environment).toEqual([
      "AWS_REGION='{AWS::Region}'",
      expect.stringMatching(/^DRAWBRIDGE_BUCKET='\{BackupsBucket/),
      "DRAWBRIDGE_DATABASE_HOST='{DatabaseInstance.Endpoint.Address}'",
      "DRAWBRIDGE_DATABASE_NAME='app'",
      "DRAWBRIDGE_DATABASE_PORT='{DatabaseInstance.Endpoint.Port}'",
      "DRAWBRIDGE_DATABASE_SECRET_ARN='{DatabaseInstance.MasterUserSecret.SecretArn}'",
      "DRAWBRIDGE_ENGINE='postgres'",
      "DRAWBRIDGE_KEY_DIRECTORY='/run/drawbridge'",
      "DRAWBRIDGE_SCRATCH_DIRECTORY='/var/lib/drawbridge'",
      "DRAWBRIDGE_STACK_ID='{AWS::StackId}'",
      "DRAWBRIDGE_ZSTD_LEVEL='1'",
    ]);
  });

  test('knows whom to encrypt to', () => {
    const ageRecipients = ['age12mh4l563a9ke9xyxuxxy9svewq4nue3e6rj3qx75sj5a69df3u8suzwyfj'];
    expect(readable(dataOf('BackupBox', jsonWith({ ageRecipients })).UserData)).toContain(
      `DRAWBRIDGE_AGE_RECIPIENTS='${ageRecipients.join()}'`,
    );
  });

  test('knows the format, and where the password of archives is; boxes that restore know that too', () => {
    const archiveSecretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:archives-GhIjKl';
    const template = jsonWith({ format: '7z', archiveSecretArn });
    const texts = ['BackupBox', 'RestoreBox'].map((box) => readable(dataOf(box, template).UserData));
    for (const text of texts) {
      expect(text).toMatch(/dnf install -y .* zstd p7zip\n/);
      expect(text).toContain(`DRAWBRIDGE_ARCHIVE_SECRET_ARN='${archiveSecretArn}'`);
    }
    expect(texts.map((text) => text.includes("DRAWBRIDGE_FORMAT='7z'"))).toEqual([true, false]);
    // Afterwards, earlier archives can still be proven and restored.
    const after = readable(dataOf('BackupBox', jsonWith({ archiveSecretArn })).UserData);
    expect([after.includes('p7zip'), after.includes('DRAWBRIDGE_FORMAT')]).toEqual([true, false]);
  });

  test('follows the settings: types, disk, compression', () => {
    const template = jsonWith({ boxTypes: ['m7g.medium'], boxVolumeGiB: 100, zstdLevel: 9 });
    expect(dataOf('BackupBox', template)).toMatchObject({
      InstanceType: 'm7g.medium',
      BlockDeviceMappings: [{ Ebs: { VolumeSize: 100 } }],
    });
    expect(readable(dataOf('BackupBox', template).UserData)).toContain("DRAWBRIDGE_ZSTD_LEVEL='9'");
  });
});

describe('jump host', () => {
  const group = (settings: object) =>
    resourceOf(jsonWith(settings), 'AWS::AutoScaling::AutoScalingGroup').Properties;

  test('is none or one, and a deployment does not touch which', () => {
    expect(group({})).toMatchObject({ MinSize: '0', MaxSize: '1' });
    expect(group({})).not.toHaveProperty('DesiredCapacity');
  });

  test('stands always, or never, by setting', () => {
    expect(group({ jumpHost: 'always' })).toMatchObject({ MinSize: '1', MaxSize: '1' });
    templateWith({ jumpHost: 'none' }).resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 0);
    templateWith({ jumpHost: 'none' }).resourceCountIs('AWS::EC2::LaunchTemplate', 3);
  });

  test('is fresh: a week old at most, in the private subnets', () => {
    expect(group({}).MaxInstanceLifetime).toBe(604_800);
    for (const subnet of group({}).VPCZoneIdentifier as unknown[])
      expect(readable(subnet)).toContain('boxSubnet');
  });
});
