import { create } from '../../lambda/create';
import { destroy } from '../../lambda/destroy';
import { TAGS } from '../../contract/tags';
import { account, quiet, rejection } from './opening';
import { STACK } from './fake-ec2';

beforeEach(quiet);

const TEMPLATES = { intake: { launchTemplateId: 'lt-web', version: '1' } };
const ofWeb = (invocationId = 'invocation-1') =>
  account(
    { source: 'web', templates: TEMPLATES, intakeDocument: 'Session-1', databaseHost: undefined },
    invocationId,
  );

/** The same account, seen by the functions of another source. */
const as = (opening: ReturnType<typeof ofWeb>['opening'], source: string | undefined) => ({
  ...opening,
  environment: {
    ...opening.environment,
    source,
    ...(source === undefined
      ? { templates: { access: { launchTemplateId: 'lt-access', version: '3' } } }
      : {}),
  },
});

test('{} opens an intake box that carries the source', async () => {
  const { ec2, opening } = ofWeb();
  const box = await create({}, opening);
  expect(box).toMatchObject({ purpose: 'intake', existing: false });
  expect(box.connect.tar).toContain('--document-name Session-1');
  expect(box.connect).not.toHaveProperty('shell');
  const [launched] = ec2.launches;
  const tags = launched?.TagSpecifications?.[0]?.Tags ?? [];
  expect(tags).toContainEqual({ Key: TAGS.source, Value: 'web' });
  expect(launched?.LaunchTemplate).toEqual({ LaunchTemplateId: 'lt-web', Version: '1' });
});

test.each(['access', 'backup'])('another purpose is refused: %s', async (purpose) => {
  const { opening } = ofWeb();
  const error = await rejection(create({ purpose }, opening));
  expect(error.message).toMatch(/purpose: intake \(default intake\)/);
});

test('requests of another source, or of the operator, are not met: same id, another box', async () => {
  const { opening } = ofWeb();
  const first = await create({ requestId: 'nightly' }, opening);
  const second = await create({ requestId: 'nightly' }, as(opening, 'logs'));
  const third = await create({ requestId: 'nightly' }, as(opening, undefined));
  expect(new Set([first, second, third].map(({ instanceId }) => instanceId)).size).toBe(3);
  expect([first, second, third].map(({ existing }) => existing)).toEqual([false, false, false]);
});

test('boxes of a source do not take the operator’s places', async () => {
  const { opening } = ofWeb();
  await create({ requestId: 'a' }, opening);
  await create({ requestId: 'b' }, opening);
  expect((await rejection(create({ requestId: 'c' }, opening))).name).toBe('TooManyBoxes');
  expect(await create({}, as(opening, undefined))).toMatchObject({ purpose: 'access' });
});

test('a box of another source is neither extended nor ended', async () => {
  const { ec2, clock, opening } = ofWeb();
  const { instanceId } = await create({}, opening);
  const extension = create({ instanceId, ttlMinutes: 5 }, as(opening, 'logs'));
  expect((await rejection(extension)).name).toBe('NotOurBox');
  const ending = { ec2: ec2.client, clock, deadline: new Date(clock.now().getTime() + 60_000) };
  const error = await rejection(destroy({ instanceId }, STACK, ending, 'logs'));
  expect(error.message).toContain('not a box of this source; nothing was changed');
  expect(await destroy({ all: true }, STACK, ending, 'logs')).toEqual({ terminated: [] });
  expect(ec2.terminations).toEqual([]);
  expect(await destroy({ all: true }, STACK, ending, 'web')).toEqual({ terminated: [instanceId] });
});
