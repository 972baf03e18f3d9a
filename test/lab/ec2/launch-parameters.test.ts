import { mergeParameters } from '../../../lab/ec2/launch-parameters';

it('lets the request replace whole parameters, and keeps the rest of the template', () => {
  const template = {
    ImageId: 'ami-1',
    InstanceType: 't4g.micro',
    'SecurityGroupId.1': 'sg-1',
    'SecurityGroupId.2': 'sg-2',
    'IamInstanceProfile.Arn': 'arn:a',
  };
  const request = {
    InstanceType: 't4g.small',
    'SecurityGroupId.1': 'sg-3',
    'LaunchTemplate.LaunchTemplateId': 'lt-1',
    'IamInstanceProfile.Name': 'b',
  };
  expect(mergeParameters(template, request)).toEqual({
    ImageId: 'ami-1',
    InstanceType: 't4g.small',
    'SecurityGroupId.1': 'sg-3',
    'IamInstanceProfile.Name': 'b',
  });
});

it('joins metadata options and tags', () => {
  const tag = (resource: string, key: string, value: string): Record<string, string> => ({
    'TagSpecification.1.ResourceType': resource,
    'TagSpecification.1.Tag.1.Key': key,
    'TagSpecification.1.Tag.1.Value': value,
  });
  const merged = mergeParameters(
    { ...tag('instance', 'a', 'template'), 'MetadataOptions.HttpTokens': 'required' },
    { ...tag('instance', 'b', 'request'), 'MetadataOptions.InstanceMetadataTags': 'enabled' },
  );
  expect(merged).toEqual({
    'MetadataOptions.HttpTokens': 'required',
    'MetadataOptions.InstanceMetadataTags': 'enabled',
    ...tag('instance', 'a', 'template'),
    'TagSpecification.1.Tag.2.Key': 'b',
    'TagSpecification.1.Tag.2.Value': 'request',
  });
});
