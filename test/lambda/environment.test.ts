import { FUNCTION_ENVIRONMENT } from '../../contract/environment';
import { createEnvironment, drainEnvironment, sweepEnvironment } from '../../lambda/environment';
import { ENVIRONMENT } from './opening';

const variables = {
  DRAWBRIDGE_STACK_ID: ENVIRONMENT.stackId,
  DRAWBRIDGE_NAME: 'drawbridge',
  DRAWBRIDGE_LAUNCH_TEMPLATES: JSON.stringify(ENVIRONMENT.templates),
  DRAWBRIDGE_SUBNET_IDS: 'subnet-a,subnet-b',
  DRAWBRIDGE_INSTANCE_TYPES: 't4g.micro, t4g.small',
  DRAWBRIDGE_TTL_MINUTES: '60',
  DRAWBRIDGE_MAX_TTL_MINUTES: '720',
  DRAWBRIDGE_MAX_BOXES: '2',
  DRAWBRIDGE_DATABASE_HOST: 'db.example.internal',
  DRAWBRIDGE_DATABASE_PORT: '5432',
  AWS_REGION: 'eu-central-1',
};

test('reads what a deployment sets', () => {
  expect(createEnvironment(variables)).toEqual(ENVIRONMENT);
});

test('names every variable that is missing, at once', () => {
  const needed = Object.keys(variables).filter((name) => !name.startsWith('DRAWBRIDGE_DATABASE'));
  expect.assertions(needed.length);
  try {
    createEnvironment({});
  } catch (error) {
    for (const name of needed) expect(String(error)).toContain(`${name}: is missing`);
  }
});

test('a database has host and port, or there is none', () => {
  const { DRAWBRIDGE_DATABASE_HOST: host, DRAWBRIDGE_DATABASE_PORT: port, ...others } = variables;
  expect(createEnvironment(others)).toMatchObject({ databaseHost: undefined, databasePort: undefined });
  expect(() => createEnvironment({ ...others, DRAWBRIDGE_DATABASE_HOST: host })).toThrow(
    'DRAWBRIDGE_DATABASE_PORT: is missing',
  );
  expect(() => createEnvironment({ ...others, DRAWBRIDGE_DATABASE_PORT: port })).toThrow(
    'DRAWBRIDGE_DATABASE_HOST: is missing',
  );
});

test.each([
  ['DRAWBRIDGE_TTL_MINUTES', '0'],
  ['DRAWBRIDGE_TTL_MINUTES', '1.5'],
  ['DRAWBRIDGE_MAX_BOXES', 'five'],
  ['DRAWBRIDGE_SUBNET_IDS', 'subnet-a,,subnet-b'],
  ['DRAWBRIDGE_SUBNET_IDS', ''],
  ['DRAWBRIDGE_LAUNCH_TEMPLATES', '{'],
  ['DRAWBRIDGE_LAUNCH_TEMPLATES', '{"access": {"launchTemplateId": "lt-1", "version": "$Latest"}}'],
  ['DRAWBRIDGE_LAUNCH_TEMPLATES', '{"mining": {"launchTemplateId": "lt-1", "version": "1"}}'],
])('%s=%s fails by that name alone', (name, value) => {
  const read = () => createEnvironment({ ...variables, [name]: value });
  expect(read).toThrow(new RegExp(`- ${name}`));
  for (const other of Object.values(FUNCTION_ENVIRONMENT).filter((each) => each !== name)) {
    expect(read).not.toThrow(new RegExp(`- ${other}`));
  }
});

test('each function asks for what it needs and no more', () => {
  const given = { DRAWBRIDGE_STACK_ID: 'arn', DRAWBRIDGE_NAME: 'shop' };
  expect(sweepEnvironment({ ...given, DRAWBRIDGE_BUCKET: 'b', OTHER: 'x' })).toEqual({
    stackId: 'arn',
    name: 'shop',
    bucket: 'b',
  });
  expect(sweepEnvironment(given)).toEqual({ stackId: 'arn', name: 'shop', bucket: undefined });
  expect(() => drainEnvironment({})).toThrow('DRAWBRIDGE_STACK_ID');
});
