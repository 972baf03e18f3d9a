import { gzipSync } from 'node:zlib';
import { MultipartBody, MultipartUserData, UserData } from 'aws-cdk-lib/aws-ec2';
import { App, Stack } from 'aws-cdk-lib';
import { readUserData } from '../../../lab/ec2/user-data';

const read = (text: string): ReturnType<typeof readUserData> => readUserData(Buffer.from(text));

it('takes plain scripts, boothooks, nothing, and all of them compressed', async () => {
  expect(await read('')).toEqual([]);
  expect(await read('#!/bin/sh\necho ü\n')).toEqual([{ kind: 'script', text: '#!/bin/sh\necho ü\n' }]);
  expect(await read('#cloud-boothook\n#!/bin/sh\necho a\n')).toEqual([
    { kind: 'boothook', text: '#!/bin/sh\necho a\n' },
  ]);
  expect(await readUserData(gzipSync('#!/bin/sh\n'))).toEqual([{ kind: 'script', text: '#!/bin/sh\n' }]);
});

it('takes multipart user data as CDK writes it, in order', async () => {
  const script = UserData.forLinux();
  script.addCommands('echo "é=1"');
  const data = new MultipartUserData();
  data.addUserDataPart(UserData.custom('#!/bin/sh\necho early\n'), 'text/cloud-boothook');
  data.addUserDataPart(script, MultipartBody.SHELL_SCRIPT);
  // CloudFormation encodes and joins the parts.
  const rendered = new Stack(new App()).resolve(data.render()) as {
    'Fn::Join': [string, (string | { 'Fn::Base64': string })[]];
  };
  const [separator, parts] = rendered['Fn::Join'];
  const encode = (part: string): string => Buffer.from(part).toString('base64');
  const text = parts
    .map((part) => (typeof part === 'string' ? part : encode(part['Fn::Base64'])))
    .join(separator);
  expect(await read(text)).toEqual([
    { kind: 'boothook', text: '#!/bin/sh\necho early\n' },
    { kind: 'script', text: '#!/bin/bash\necho "é=1"' },
  ]);
});

it.each(['#cloud-config\npackages: [git]\n', 'plain words'])('refuses %j', async (text) => {
  await expect(read(text)).rejects.toThrow('The lab runs shell scripts');
});
