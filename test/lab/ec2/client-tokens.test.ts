import { ClientTokens, type Launched } from '../../../lab/ec2/client-tokens';

const launched = (id: string): Launched => ({
  reply: { status: 200, headers: {}, body: Buffer.from(id) },
  instanceIds: [id],
});

it('launches once per token and scope, whatever the order of the parameters', async () => {
  const tokens = new ClientTokens();
  const launch = jest.fn(() => Promise.resolve(launched('i-1')));
  await tokens.once('a', { ClientToken: 't', X: '1', Y: '2' }, launch);
  const again = await tokens.once('a', { Y: '2', X: '1', ClientToken: 't' }, launch);
  expect(again).toMatchObject({ again: true, instanceIds: ['i-1'] });
  expect(launch).toHaveBeenCalledTimes(1);
  expect(await tokens.once('b', { ClientToken: 't', X: '1' }, launch)).toMatchObject({ again: false });
});

it('refuses other parameters', async () => {
  const tokens = new ClientTokens();
  await tokens.once('a', { ClientToken: 't', X: '1' }, () => Promise.resolve(launched('i-1')));
  await expect(
    tokens.once('a', { ClientToken: 't', X: '2' }, () => Promise.resolve(launched('i-2'))),
  ).rejects.toMatchObject({ code: 'IdempotentParameterMismatch' });
});

it('frees the token of a call that failed', async () => {
  const tokens = new ClientTokens();
  const request = { ClientToken: 't' };
  await expect(tokens.once('a', request, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await tokens.once('a', request, () => Promise.resolve(launched('i-2')))).toMatchObject({
    again: false,
  });
});
